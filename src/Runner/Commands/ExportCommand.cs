using System.CommandLine;
using System.Globalization;
using GpuCnn.Kernels;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Onnx;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>export</c>: a trained model as a file for other programs.</summary>
internal sealed class ExportCommand
{
    /// <summary>Images that the written graph is run on.</summary>
    private const int CheckedImages = 16;

    /// <summary>The largest difference of a logit that single precision explains, in parts of the largest logit.</summary>
    private const double Tolerance = 1e-4;

    private static readonly Option<string?> Format = Flag.Declare<string?>("--format", "NAME", "What to write: onnx or safetensors",
        text => text is "onnx" or "safetensors" ? text : throw new OptionException("--format", $"no format '{text}': give onnx or safetensors"), null).Offering("onnx", "safetensors").MustBeGiven();

    private static readonly Option<bool> Check = Flag.Switch("--check",
        $"Run the written graph on {CheckedImages} test images (of --data, or Fashion-MNIST's, or random ones where the model takes others) beside the model and print the largest difference of their logits; exit code 1 when it is above 1e-4 of the largest");

    private readonly Host host;

    public ExportCommand(Host host)
    {
        this.host = host;
        Command = new Command("export", "Writes a trained model for other programs: as ONNX, or as safetensors with all that is known of it.");
        foreach (Option option in (Option[])[CommonOptions.RequiredWeights, CommonOptions.Model, Format, ModelFileOptions.Output, ModelFileOptions.Classes, Check,
            CommonOptions.Data, CommonOptions.Accelerator, CommonOptions.Threads])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        string path = parsed.GetRequiredValue(ModelFileOptions.Output)!, format = parsed.GetRequiredValue(Format)!;
        bool wanted = parsed.GetValue(Check);
        OutputFile.Check(path, $".{format}");
        if (wanted && format != "onnx")
        {
            throw new OptionException("--check", "it runs the graph of an ONNX file: give --format onnx, or leave it out");
        }
        TrainedModel model = ModelFileOptions.Named(TrainedModel.Load(parsed.GetRequiredValue(CommonOptions.RequiredWeights)!, parsed.GetValue(CommonOptions.Model)), parsed);
        // Before anything is written: what is wrong with the data is no reason to leave a file that was not checked.
        (ImageSet? images, string? source) = wanted ? Images(parsed, model.Model) : (null, null);
        OutputFile.Write(path, () =>
        {
            if (format == "onnx")
            {
                OnnxFile.Save(path, model);
            }
            else
            {
                model.Save(path);
            }
        });
        double? difference = images is null ? null : Compare(parsed, path, model, images);
        bool differs = !(difference is null or <= Tolerance);
        (string, string)[] check = difference is { } value
            ? [("check", string.Create(CultureInfo.InvariantCulture, $"{source}: logits differ by at most {value:0.0e+0} of the largest; {Tolerance:0e+0} is allowed"))] : [];
        new Output(host, parsed).Result(ModelFileDocument.Of(path, format, model, difference, source), Documents.Default.ModelFileDocument, ModelFileOptions.Text(path, model, check));
        if (differs)
        {
            host.Error.WriteLine($"gpucnn: {path}: the written graph does not compute what the model does");
        }
        return differs ? ExitCode.Failed : ExitCode.Done;
    }

    private static double Compare(ParseResult parsed, string path, TrainedModel model, ImageSet images)
    {
        using Device device = AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));
        using var classifier = new Classifier(model, device, images.Count);
        return OnnxCheck.Compare(path, images, classifier.Predict(images));
    }

    /// <summary>The first test images, and what they are; where no data were given, and Fashion-MNIST is not there or not what the model takes, noise tells as much.</summary>
    private (ImageSet Images, string Source) Images(ParseResult parsed, ModelDefinition model)
    {
        string? folder = parsed.GetValue(CommonOptions.Data);
        if (folder is null && (FashionMnist.FindFolder() is null || model.Input != new TensorShape(1, 28, 28) || model.Classes != FashionMnist.ClassNames.Count))
        {
            var pixels = new byte[CheckedImages * model.Input.Count];
            for (int i = 0; i < pixels.Length; i++)
            {
                pixels[i] = (byte)Philox.At((uint)i, 0, 0, 0, 0).X0;
            }
            return (new ImageSet(pixels, new byte[CheckedImages], model.Input, [.. Enumerable.Range(0, model.Classes).Select(i => i.ToString(CultureInfo.InvariantCulture))]),
                $"{CheckedImages} images of random pixels");
        }
        ImageSet images = Inputs.StartReading(host, DataFolder.Open(folder), DataSplit.Test, model.Input).GetAwaiter().GetResult();
        Inputs.RequireFit(model, images);
        int count = Math.Min(CheckedImages, images.Count);
        return (images.Slice(0, count), $"{count} test image{(count == 1 ? "" : "s")} of {folder ?? "Fashion-MNIST"}");
    }
}
