using System.Reflection;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>The memory that a model is said to take is what its network allocates, found by walking through the network.</summary>
public sealed class ModelMemoryTests
{
    private static readonly ModelDefinition Odd = new("odd", new TensorShape(2, 11, 13), 1, new Relu(), new Conv2d(3, 2, 3), new MaxPool2d(3, 2, true), new Relu(),
        new Conv2d(5, 3, 2), new Dropout(0.5), new Flatten(), new Dense(7), new Dense(4));

    /// <summary>Blocks first of all, blocks whose ends or beginnings work in place, normalizations of few and many rows.</summary>
    private static readonly ModelDefinition Blocks = new("blocks", new TensorShape(3, 9, 7), 1,
        new Residual(new Relu(), new Conv2d(3, 3, 3, 1, 1), new BatchNorm(), new Relu()), new Conv2d(3, 1, 1, Bias: false), new BatchNorm(),
        new Residual([new Conv2d(6, 3, 3, 1, 1), new Relu(), new MaxPool2d(2)], [new Conv2d(6, 1, 1), new AveragePool2d(2), new LeakyRelu()]),
        new Residual([new LeakyRelu(), new Gelu()], [new Dropout(0.1), new BatchNorm()]), new Residual(new Residual(new BatchNorm(), new Relu()), new Dropout(0.5)),
        new MaxPool2d(3, 2, true, 1), new GlobalAveragePool(), new Dense(9, Bias: false), new BatchNorm(), new Relu(), new Residual(new Dense(9), new Relu()), new Dense(4));

    public static TheoryData<string, int> Cases => new([.. from name in (string[])["cnn1", "cnn2", "cnn3", "odd", "blocks"] from batch in (int[])[1, 33, 512] select (name, batch)]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equals_what_a_network_allocates(string name, int batchSize)
    {
        ModelDefinition model = name == Odd.Name ? Odd : name == Blocks.Name ? Blocks : ModelZoo.Find(name);
        var memory = ModelMemory.Of(model, batchSize);
        using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), 1);
        using (var network = new Network(model, device, batchSize))
        {
            using var update = new WeightUpdate(network, new TrainingOptions());
            // The update knows its network.
            Assert.Equal(memory.TrainingBytes, Allocated(update));
        }
        using (var network = new Network(model, device, batchSize, training: false))
        {
            // Weight and bias of a normalization lie by themselves, its running moments by themselves.
            long gaps = memory.Layers.Zip(model.Nodes).Sum(pair => pair.Second.Layer is BatchNorm ? 2 * Gap(pair.First.WeightBytes / 2) : Gap(pair.First.WeightBytes));
            Assert.Equal(memory.WeightBytes + gaps + (batchSize * memory.ActivationBytes), Allocated(network));
        }
        Assert.Equal(4 * model.Parameters.Sum(spec => spec.Shape.Aggregate(1L, (a, b) => a * b)), memory.WeightBytes);
    }

    private static long Gap(long bytes) => (64 - (bytes % 64)) % 64;

    /// <summary>Bytes of all device buffers that an object reaches through its fields.</summary>
    private static long Allocated(object root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var open = new Stack<object>([root]);
        long bytes = 0;
        while (open.TryPop(out object? found))
        {
            if (found is Device or ModelDefinition or string || !seen.Add(found))
            {
                continue;
            }
            Type type = found.GetType();
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(DeviceBuffer<>))
            {
                bytes += (long)type.GetProperty("Length")!.GetValue(found)! * System.Runtime.InteropServices.Marshal.SizeOf(type.GenericTypeArguments[0]);
                continue;
            }
            IEnumerable<object?> parts = found is object[] items ? items : Fields(type).Select(field => field.GetValue(found));
            foreach (object part in parts.OfType<object>().Where(part => part is object[] || part.GetType() is { IsClass: true, IsArray: false } && part.GetType().Namespace?.StartsWith("GpuCnn", StringComparison.Ordinal) == true))
            {
                open.Push(part);
            }
        }
        return bytes;
    }

    private static IEnumerable<FieldInfo> Fields(Type? type)
    {
        for (; type is not null && type != typeof(object); type = type.BaseType)
        {
            foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                yield return field;
            }
        }
    }
}
