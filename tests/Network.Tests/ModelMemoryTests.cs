using System.Reflection;
using GpuCnn.Kernels;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>The memory that a model is said to take is what its network allocates, found by walking through the network.</summary>
public sealed class ModelMemoryTests
{
    private static readonly ModelDefinition Odd = new("odd", new TensorShape(2, 11, 13), 1, new Relu(), new Conv2d(3, 2, 3), new MaxPool2d(3, 2, true), new Relu(),
        new Conv2d(5, 3, 2), new Dropout(0.5), new Flatten(), new Dense(7), new Dense(4));

    public static TheoryData<string, int> Cases => new([.. from name in (string[])["cnn1", "cnn2", "cnn3", "odd"] from batch in (int[])[1, 33, 512] select (name, batch)]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equals_what_a_network_allocates(string name, int batchSize)
    {
        ModelDefinition model = name == Odd.Name ? Odd : ModelDefinition.Find(name);
        var memory = ModelMemory.Of(model, batchSize);
        using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), 1);
        using (var network = new Network(model, device, batchSize))
        {
            Assert.Equal(memory.TrainingBytes, Allocated(network));
        }
        using (var network = new Network(model, device, batchSize, training: false))
        {
            long gaps = memory.Layers.Sum(layer => (64 - (layer.WeightBytes % 64)) % 64);
            Assert.Equal(memory.WeightBytes + gaps + (batchSize * memory.ActivationBytes), Allocated(network));
        }
        Assert.Equal(4 * model.Parameters, memory.WeightBytes);
    }

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
            IEnumerable<object?> parts = found is Stage[] stages ? stages : Fields(type).Select(field => field.GetValue(found));
            foreach (object part in parts.OfType<object>().Where(part => part is Stage[] || part.GetType() is { IsClass: true, IsArray: false } && part.GetType().Namespace!.StartsWith("GpuCnn", StringComparison.Ordinal)))
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
