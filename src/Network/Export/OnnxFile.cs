using Google.Protobuf;
using GpuCnn.Onnx;

namespace GpuCnn;

/// <summary>ONNX files of trained models, for ONNX Runtime and whatever else reads them.</summary>
/// <remarks>Input <c>pixels</c>, uint8 [batch, channels, height, width], 0 to 255: the scaling is part of the graph. Outputs <c>logits</c> and <c>probabilities</c>,
/// float [batch, classes]. What is known of the model, its class names among it, stands in the metadata under the names that weights files have for it.</remarks>
public static class OnnxFile
{
    /// <summary>ONNX's version of the file format that belongs to the operators' version.</summary>
    private const long FormatVersion = 7;

    /// <summary>Writes a model to a file, which is replaced only when all is on the disk. The same model gives the same bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="ModelException">A layer has no form in ONNX.</exception>
    /// <exception cref="ModelMismatchException">The weights are not the model's.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static void Save(string path, TrainedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.Model.Match(model.Weights);
        if (model.Model.ParameterCount > int.MaxValue / sizeof(float) - (1 << 20))
        {
            throw new ModelException($"model {model.Model.Name}: it has {model.Model.ParameterCount} parameters; a file of ONNX holds 2 GiB");
        }
        var file = new ModelProto
        {
            IrVersion = FormatVersion,
            ProducerName = "gpucnn",
            ProducerVersion = typeof(OnnxFile).Assembly.GetName().Version!.ToString(3),
            OpsetImport = { new OperatorSetIdProto { Version = OnnxGraph.OperatorSet } },
            Graph = OnnxExporter.Export(model.Model, model.Weights),
            MetadataProps = { ModelMetadata.Of(model).Select(pair => new StringStringEntryProto { Key = pair.Key, Value = pair.Value }) },
        };
        AtomicFile.Write(path, stream => file.WriteTo(stream));
    }

    /// <summary>Reads a file back and runs its graph, node by node in double precision, beside a network's logits.</summary>
    /// <param name="path">The file.</param>
    /// <param name="images">Images.</param>
    /// <param name="predictions">What the network says of them.</param>
    /// <returns>The largest difference of a logit, in parts of the largest logit's magnitude.</returns>
    /// <exception cref="InvalidFileException">The file cannot be read, or was not written by <see cref="Save"/>.</exception>
    public static double Compare(string path, ImageSet images, IReadOnlyList<Prediction> predictions) => Compare(path, images, predictions, FileLimits.OnnxElements, FileLimits.OnnxOperations);

    /// <summary>As <see cref="Compare(string, ImageSet, IReadOnlyList{Prediction})"/>, with limits of its own on what the graph may take.</summary>
    internal static double Compare(string path, ImageSet images, IReadOnlyList<Prediction> predictions, long elements, long operations)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(predictions);
        double[] logits;
        try
        {
            logits = OnnxInterpreter.Run(ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)), ChannelsFirst(images), images.Count, elements, operations).GetValueOrDefault(OnnxGraph.Logits)
                ?? throw new NotSupportedException($"no output {OnnxGraph.Logits}");
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or NotSupportedException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidFileException(path, $"it cannot be run again ({exception.Message.Split('\n')[0]})", exception);
        }
        float[] expected = [.. predictions.SelectMany(prediction => prediction.Logits)];
        if (logits.Length != expected.Length)
        {
            throw new InvalidFileException(path, $"its graph gives {logits.Length} logits, the model {expected.Length}");
        }
        double difference = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            // NaN is larger than any difference.
            double distance = Math.Abs(logits[i] - expected[i]);
            difference = distance <= difference ? difference : distance;
        }
        return difference == 0 ? 0 : difference / expected.Max(Math.Abs);
    }

    /// <summary>Pixels as ONNX has them: [count, channels, height, width].</summary>
    internal static byte[] ChannelsFirst(ImageSet images)
    {
        (int channels, int area) = (images.Shape.Channels, images.Shape.Height * images.Shape.Width);
        ReadOnlySpan<byte> pixels = images.Pixels.Span;
        var turned = new byte[pixels.Length];
        for (int i = 0; i < turned.Length; i++)
        {
            int place = i % area, channel = i / area % channels, image = i / (area * channels);
            turned[i] = pixels[(((image * area) + place) * channels) + channel];
        }
        return turned;
    }
}
