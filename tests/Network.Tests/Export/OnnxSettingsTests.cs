using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Exported models of every kind of layer with unusual settings, in ONNX Runtime.</summary>
public sealed class OnnxSettingsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-onnx-").FullName;

    private string File => Path.Combine(folder, "m.onnx");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Every_kind_of_layer_with_every_setting_has_our_logits_after_some_training()
    {
        Assert.Superset(LayerKind.All.Select(kind => kind.Name).ToHashSet(), EveryLayer.Model.Nodes.Select(layer => LayerKind.Of(layer.Layer).Kind.Name).ToHashSet());
        IReadOnlyList<WeightTensor> weights = EveryLayer.Trained();
        foreach (WeightTensor tensor in weights.Where(tensor => tensor.Name.Contains("running_", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain(tensor.Values, value => value is 0 or 1);
        }
        OnnxFile.Save(File, new TrainedModel(EveryLayer.Model, weights));
        OnnxComparison.RequireSame(File, EveryLayer.Model, weights, EveryLayer.Noise(EveryLayer.Model, 40), 1, 7, 33);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Models_of_random_layers_have_our_logits_in_ONNX_Runtime(int seed)
    {
        var models = new RandomModels(seed);
        for (int i = 0; i < 8; i++)
        {
            ModelDefinition model = models.Next();
            IReadOnlyList<WeightTensor> weights = models.Weights(model);
            OnnxFile.Save(File, new TrainedModel(model, weights));
            ImageSet images = EveryLayer.Noise(model, 33);
            try
            {
                OnnxComparison.RequireSame(File, model, weights, images, 1, 7, 33);
            }
            catch (Exception exception)
            {
                Assert.Fail($"model {i} of seed {seed}: {exception.Message}\n{ModelFile.Text(model, figures: false, indented: false)}");
            }
        }
    }
}
