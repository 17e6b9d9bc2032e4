using System.Text.Json;

namespace GpuCnn.NetworkTests;

/// <summary>PyTorch's numbers for the three models (tests/oracle says how they were made), and the weights they were made with.</summary>
public static class Oracle
{
    /// <summary>The seed of the golden files.</summary>
    public const ulong Seed = 20261123;

    private static readonly Lazy<ImageSet> LazyTrain = new(() => FashionMnist.LoadTrain(FashionMnist.FindFolder()!));
    private static readonly Lazy<ImageSet> LazyTest = new(() => FashionMnist.LoadTest(FashionMnist.FindFolder()!));

    public static ImageSet Train => LazyTrain.Value;

    public static ImageSet Test => LazyTest.Value;

    public static string File(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", name);

    public static JsonElement Golden(string model)
    {
        using JsonDocument document = JsonDocument.Parse(System.IO.File.ReadAllBytes(File($"{model}.json")));
        return document.RootElement.Clone();
    }

    /// <summary>The initial weights: SplitMix64 of seed, tensor and element, as oracle.py's header says.</summary>
    public static IReadOnlyList<WeightTensor> Weights(ModelDefinition model)
    {
        var tensors = new List<WeightTensor>();
        foreach ((string name, IReadOnlyList<int> shape) in model.Parameters)
        {
            int count = shape.Aggregate(1, (a, b) => a * b), field = shape.Skip(2).Aggregate(1, (a, b) => a * b);
            double limit = shape.Count == 1 ? 0.1 : Math.Sqrt(6.0 / ((shape[1] * field) + (shape[0] * field)));
            // Batch normalizations multiply by their weight and by the root of a variance.
            double one = shape.Count == 1 && (name.EndsWith(".weight", StringComparison.Ordinal) || name.EndsWith(".running_var", StringComparison.Ordinal)) ? 1 : 0;
            var values = new float[count];
            for (int i = 0; i < count; i++)
            {
                ulong z = Seed + ((ulong)tensors.Count << 40) + (ulong)i;
                z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
                z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
                z ^= z >> 31;
                values[i] = (float)(one + (((2 * ((z >> 40) / (double)(1 << 24))) - 1) * limit));
            }
            tensors.Add(new WeightTensor(name, shape, values));
        }
        return tensors;
    }
}
