using Google.Protobuf;
using GpuCnn.Onnx;

namespace GpuCnn.Runner.Onnx;

/// <summary>Reads an exported file back and compares what its graph says with the model.</summary>
internal static class OnnxCheck
{
    /// <summary>Runs a file's graph, node by node in double precision, beside a model's logits.</summary>
    /// <param name="path">The file.</param>
    /// <param name="images">Images.</param>
    /// <param name="predictions">What the model says of them.</param>
    /// <param name="elements">The most elements that all values of the graph may have.</param>
    /// <param name="operations">The most multiplications or comparisons that it may take.</param>
    /// <returns>The largest difference of a logit, in parts of the largest logit's magnitude.</returns>
    /// <exception cref="InvalidFileException">The file cannot be read, or was not written by <see cref="OnnxFile.Save"/>.</exception>
    public static double Compare(string path, ImageSet images, IReadOnlyList<Prediction> predictions,
        long elements = FileLimits.OnnxElements, long operations = FileLimits.OnnxOperations)
    {
        double[] logits;
        try
        {
            var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
            logits = OnnxInterpreter.Run(model, ChannelsFirst(images), images.Count, elements, operations).GetValueOrDefault(OnnxGraph.Logits)
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
    private static byte[] ChannelsFirst(ImageSet images)
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
