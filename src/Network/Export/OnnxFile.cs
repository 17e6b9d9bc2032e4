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
}
