using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;
using Spectre.Console;

namespace GpuCnn.Runner.Commands;

/// <summary><c>show</c>: images of the data set or files, in the terminal, as numbers, as a contact sheet.</summary>
internal sealed class ShowCommand
{
    /// <summary>The most pixels a side of which the numbers are written: a screen cannot hold more, and a reader neither.</summary>
    private const int MostNumbers = 128;

    /// <summary>Augmented forms that follow each image.</summary>
    private const int AugmentedForms = 3;

    private static readonly Argument<string[]> Files = new("file") { Description = "Image files (PNG, JPEG) to show instead of the data set", Arity = ArgumentArity.ZeroOrMore };

    private static readonly Option<string?> Class = Flag.Text("--class", "NAME|INDEX", "Only images of this class");

    private static readonly Option<int> Count = Flag.Number("--count", new IntegerRange<int>(1, ContactSheet.MostImages), "How many images", 10);

    private static readonly Option<ulong?> Seed = Flag.OptionalNumber<ulong>("--seed", TrainingOption.Named("seed").Range,
        "Draws the images at random, the same ones for the same seed; without it the first ones are shown");

    private static readonly Option<int[]> Indices = Flag.Declare<int[]>("--index", "I[,J...]", "The images with these numbers, from 0", ParseIndices, []);

    private static readonly Option<string?> Weights = Flag.Text("--weights", "FILE", "Weights file (safetensors): adds its predictions");

    private static readonly Option<bool> Wrong = Flag.Switch("--wrong", "Only images that the weights get wrong"), Right = Flag.Switch("--right", "Only images that the weights get right");

    private static readonly Option<bool> Numbers = Flag.Switch("--numbers", "Write the pixels as a grid of numbers, 0 to 255");

    private static readonly Option<Augmentation> Augment = Flag.Declare("--augment", "WHAT",
        $"Behind each image, {AugmentedForms} forms in which training sees it: {Augmentation.Allowed}; takes the images of the split train", Augmentation.Parse, Augmentation.None)
        .Offering(TrainingOption.Named("augment").Range.Offers);

    private static readonly Option<string?> Sheet = Flag.Text("--output", "FILE.png", "Write a contact sheet instead of drawing in the terminal");

    private readonly Host host;

    public ShowCommand(Host host)
    {
        this.host = host;
        Command = new Command("show", "Shows images of the data set, or image files: in the terminal, as numbers, or as a PNG contact sheet.");
        Command.Arguments.Add(Files);
        foreach (Option option in (Option[])[CommonOptions.Data, CommonOptions.Split, Class, Count, Seed, Indices, Weights, CommonOptions.Model, PictureArguments.Invert, Wrong, Right, Augment, Numbers, Sheet,
            CommonOptions.Accelerator, CommonOptions.Threads])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        var output = new Output(host, parsed);
        Check(parsed);
        ShownImage[] images = parsed.GetValue(Files) is { Length: > 0 } files ? FromFiles(parsed, files) : FromSplit(parsed, output);
        bool numbers = parsed.GetValue(Numbers);
        if (numbers && images.FirstOrDefault(each => Math.Max(each.Image.Width, each.Image.Height) > MostNumbers) is { } large)
        {
            throw new OptionException("--numbers", $"{large.Name} has {large.Image.Width}x{large.Image.Height} pixels; at most {MostNumbers}x{MostNumbers} are written as numbers");
        }
        if (images.Length > 0 && parsed.GetValue(Sheet) is { } sheet)
        {
            WriteSheet(sheet, images, GroupOf(parsed), output);
        }
        if (output.Json)
        {
            output.Result([.. images.Select(each => Document(each, numbers))], Documents.Default.IReadOnlyListShownDocument, "");
        }
        else if (numbers)
        {
            WriteNumbers(images);
        }
        else if (images.Length > 0 && parsed.GetValue(Sheet) is null)
        {
            IAnsiConsole console = host.Console(host.Out);
            ImageView.Pictures(console, images, GroupOf(parsed));
            SayShrunk(images, output, image => -TerminalImage.FactorFor(image, console.Profile.Width));
        }
        return ExitCode.Done;
    }

    /// <summary>All that can be said before anything is read.</summary>
    private static void Check(ParseResult parsed)
    {
        if (parsed.GetValue(Sheet) is { } sheet)
        {
            OutputFile.Check(sheet, ".png");
        }
        Option? filter = parsed.GetValue(Wrong) ? Wrong : parsed.GetValue(Right) ? Right : null;
        if (filter is not null && parsed.GetValue(Weights) is null)
        {
            throw new OptionException(filter.Name, "only a model can be right or wrong; give its --weights too");
        }
        if (parsed.GetValue(Wrong) && parsed.GetValue(Right))
        {
            throw new OptionException("--wrong", "not together with --right; give one, or neither for both");
        }
        if (parsed.GetValue(Indices) is { Length: > 0 } && ((Option[])[Class, Count, Seed, Wrong, Right]).FirstOrDefault(parsed.IsGiven) is { } choosing)
        {
            throw new OptionException(choosing.Name, "not together with --index, which says which images to show");
        }
        if (parsed.GetValue(Files) is { Length: > 0 } && ((Option[])[CommonOptions.Data, CommonOptions.Split, Class, Count, Seed, Indices, Wrong, Right, Augment]).FirstOrDefault(parsed.IsGiven) is { } choice)
        {
            throw new OptionException(choice.Name, "it chooses from the data set; files are shown as given");
        }
        if (!parsed.GetValue(Augment).IsNone && parsed.IsGiven(CommonOptions.Split) && parsed.GetValue(CommonOptions.Split) == DataSplit.Test)
        {
            throw new OptionException(CommonOptions.Split.Name, $"test images are never augmented; leave it out beside {Augment.Name}");
        }
        if (parsed.GetValue(Files) is { Length: > ContactSheet.MostImages } files)
        {
            throw new OptionException("file", $"{files.Length} files are too many at once; give at most {ContactSheet.MostImages}");
        }
    }

    private static ShownImage[] FromFiles(ParseResult parsed, string[] files)
    {
        GreyImage[] pictures = [.. files.Select(ImageFile.Read)];
        if (parsed.GetValue(Weights) is not { } weights)
        {
            return [.. files.Select((file, i) => new ShownImage(null, file, pictures[i], null, null, []))];
        }
        TrainedModel model = TrainedModel.Load(weights, parsed.GetValue(CommonOptions.Model));
        (ImageSet? images, _, IReadOnlyList<InvalidFileException> damaged) = OwnPictures.Read(files, model, parsed.GetValue(PictureArguments.Invert));
        if (damaged.Count > 0)
        {
            throw damaged[0];
        }
        IReadOnlyList<Prediction> predictions = Predict(parsed, model, images!);
        return [.. files.Select((file, i) => new ShownImage(null, file, pictures[i], null, predictions[i], images!.ClassNames))];
    }

    private ShownImage[] FromSplit(ParseResult parsed, Output output)
    {
        TrainedModel? weights = parsed.GetValue(Weights) is { } file ? TrainedModel.Load(file, parsed.GetValue(CommonOptions.Model)) : null;
        Augmentation augmentation = parsed.GetValue(Augment);
        DataSplit split = augmentation.IsNone ? parsed.GetValue(CommonOptions.Split) : DataSplit.Train;
        DataFolder data = DataFolder.Open(parsed.GetValue(CommonOptions.Data));
        int? wanted = parsed.GetValue(Class) is { } text ? ClassName.Parse(Class.Name, text, data.ClassNames) : null;
        ImageSet all = Inputs.StartReading(host, data, split, weights?.Model.Input ?? ModelZoo.Cnn1.Input).GetAwaiter().GetResult();
        bool? correct = parsed.GetValue(Wrong) ? false : parsed.GetValue(Right) ? true : null;
        var choice = new ImageChoice(wanted, parsed.GetValue(Count), parsed.GetValue(Seed));
        bool byIndex = parsed.GetValue(Indices) is { Length: > 0 };
        int[] chosen = byIndex ? Existing(parsed.GetValue(Indices)!, all) : choice.Candidates(all);
        var predictions = new Dictionary<int, Prediction>();
        if (!byIndex && correct is null)
        {
            chosen = choice.Take(chosen);
        }
        if (weights is not null && chosen.Length > 0)
        {
            foreach (Prediction each in Predict(parsed, weights, Part(all, chosen)))
            {
                predictions[chosen[each.Index]] = each;
            }
        }
        if (correct is not null)
        {
            chosen = choice.Take([.. chosen.Where(index => (predictions[index].Class == all.Labels.Span[index]) == correct)]);
        }
        if (!byIndex && chosen.Length < choice.Count)
        {
            output.Talk.WriteLine(chosen.Length == 0 ? "no image fits" : $"only {chosen.Length} of the {choice.Count} images asked for fit");
        }
        ShownImage[] shown = [.. chosen.Select(index => new ShownImage(index, null, GreyImage.Of(all, index), all.Labels.Span[index], predictions.GetValueOrDefault(index), all.ClassNames))];
        return augmentation.IsNone ? shown : WithAugmented(parsed, shown, all, augmentation);
    }

    private static ShownImage[] WithAugmented(ParseResult parsed, ShownImage[] shown, ImageSet all, Augmentation augmentation)
    {
        if (shown.Length > ContactSheet.MostImages / (AugmentedForms + 1))
        {
            throw new OptionException(Augment.Name, $"{shown.Length} images with {AugmentedForms} augmented forms each are too many; choose at most {ContactSheet.MostImages / (AugmentedForms + 1)} images");
        }
        using Device device = AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));
        using var forms = new AugmentedImages(device, all, augmentation, parsed.GetValue(Seed) ?? new TrainingOptions().Seed);
        ShownImage Form(ShownImage image, int number) => image with
        {
            Image = GreyImage.Of(new ImageSet(forms.At(image.Index!.Value, number), new byte[1], all.Shape, all.ClassNames), 0),
            Prediction = null,
            Augmented = number,
        };
        return [.. shown.SelectMany(image => Enumerable.Range(1, AugmentedForms).Select(number => Form(image, number)).Prepend(image))];
    }

    private static IReadOnlyList<Prediction> Predict(ParseResult parsed, TrainedModel model, ImageSet images)
    {
        Inputs.RequireFit(model.Model, images);
        using Device device = AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));
        using var classifier = new Classifier(model, device, Math.Min(images.Count, 512));
        return classifier.Predict(images);
    }

    private static int[] Existing(int[] indices, ImageSet images) => Array.FindIndex(indices, index => index >= images.Count) is >= 0 and int wrong
        ? throw new OptionException("--index", $"no image {indices[wrong]}: the split has 0 to {images.Count - 1}")
        : indices;

    private static ImageSet Part(ImageSet all, int[] indices)
    {
        var pixels = new byte[indices.Length * all.Shape.Count];
        for (int i = 0; i < indices.Length; i++)
        {
            all.Pixels.Span.Slice(indices[i] * all.Shape.Count, all.Shape.Count).CopyTo(pixels.AsSpan(i * all.Shape.Count));
        }
        return new ImageSet(pixels, new byte[indices.Length], all.Shape, all.ClassNames);
    }

    private static int GroupOf(ParseResult parsed) => parsed.GetValue(Augment).IsNone ? 1 : AugmentedForms + 1;

    private static void WriteSheet(string path, ShownImage[] images, int group, Output output)
    {
        OutputFile.Write(path, ContactSheet.Draw(null, ImageView.ForSheet(images), group));
        SayShrunk(images, output, ContactSheet.FactorFor);
        output.Talk.WriteLine($"contact sheet of {images.Length} image{(images.Length == 1 ? "" : "s")}: {path}");
    }

    private void WriteNumbers(ShownImage[] images)
    {
        IAnsiConsole console = host.Console(host.Out);
        if (console.Profile.Out.IsTerminal)
        {
            ImageView.Numbers(console, images);
        }
        else
        {
            host.Out.Write(ImageView.Numbers(images));
        }
    }

    private static void SayShrunk(ShownImage[] images, Output output, Func<GreyImage, int> factorFor)
    {
        foreach (ShownImage each in images)
        {
            if (factorFor(each.Image) is < -1 and int factor)
            {
                output.Talk.WriteLine($"{each.Name}: {each.Image.Width}x{each.Image.Height} pixels, drawn {-factor} times smaller");
            }
        }
    }

    private static ShownDocument Document(ShownImage image, bool pixels) => new(image.Index, image.File, image.Image.Width, image.Image.Height,
        image.Class, image.Class is { } known ? image.Names[known] : null,
        image.Prediction is { } said ? new(said.Class, image.Names[said.Class], said.Probabilities[said.Class], image.Correct) : null, image.Augmented,
        pixels ? [.. Enumerable.Range(0, image.Image.Height).Select(y => (int[])[.. Enumerable.Range(0, image.Image.Width).Select(x => (int)image.Image[x, y])])] : null);

    private static int[] ParseIndices(string text) => [.. text.Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        ? index : throw new OptionException("--index", $"'{text}' is not allowed: give numbers from 0, with commas between"))];
}
