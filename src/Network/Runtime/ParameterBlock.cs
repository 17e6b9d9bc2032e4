using System.Buffers;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Where one layer's weight and bias lie among a network's parameters, and how the file's order of elements maps to the kernels'.</summary>
/// <remarks>
/// Kernels: one matrix [height * width * channels + 1, units], the bias in its last row, which a layer without one has not. Files: weight [units, channels, height, width] (PyTorch's
/// order) and bias [units]. A dense layer is the case where the kernel covers the whole input, whose files flatten it in the order channels, height, width.
/// </remarks>
/// <param name="Name">The layer's name in files: <c>conv1</c>, <c>dense2</c>.</param>
/// <param name="Offset">The matrix's first element among the parameters.</param>
/// <param name="Height">Kernel height; a dense layer's input height.</param>
/// <param name="Width">Kernel width; a dense layer's input width.</param>
/// <param name="Channels">Input channels.</param>
/// <param name="Units">Filters or units.</param>
/// <param name="WeightShape">The weight's shape in files.</param>
internal sealed record ParameterBlock(string Name, int Offset, int Height, int Width, int Channels, int Units, IReadOnlyList<int> WeightShape)
{
    /// <summary>Units whose weights are brought into files' order together: as many as a line of the cache holds.</summary>
    private const int UnitsTogether = 16;

    /// <summary>Rows that are transposed together: lines whose distance is a large power of two share one set of the cache, which holds a few.</summary>
    private const int RowsTogether = 8;

    /// <summary>Where running mean and variance lie, the one behind the other; negative where there are none.</summary>
    public int RunningOffset { get; init; } = -1;

    /// <summary>Their elements.</summary>
    public int RunningCount => RunningOffset < 0 ? 0 : 2 * Units;

    /// <summary>Whether there is a bias.</summary>
    public bool HasBias { get; init; } = true;

    /// <summary>Elements of the bias.</summary>
    public int BiasCount => HasBias ? Units : 0;

    /// <summary>Elements of a unit's weight.</summary>
    public int Depth => Height * Width * Channels;

    /// <summary>Elements of the weight.</summary>
    public int WeightCount => Depth * Units;

    /// <summary>Elements of weight and bias.</summary>
    public int Count => WeightCount + BiasCount;

    public string WeightName => $"{Name}.{ParameterNames.Weight}";

    public string BiasName => $"{Name}.{ParameterNames.Bias}";

    public string RunningMeanName => $"{Name}.{ParameterNames.RunningMean}";

    public string RunningVarianceName => $"{Name}.{ParameterNames.RunningVariance}";

    /// <summary>The block of a layer: a convolution has the taps of its kernel, a dense layer those of its whole input, a normalization none.</summary>
    public static ParameterBlock Of(LayerNode layer, int offset)
    {
        IReadOnlyList<int> weight = layer.Parameters[0].Shape;
        (int height, int width, int channels) = weight.Count switch
        {
            4 => (weight[2], weight[3], weight[1]),
            2 => (layer.InputMemory.Height, layer.InputMemory.Width, layer.InputMemory.Channels),
            _ => (1, 1, 1),
        };
        bool hasBias = layer.Parameters.Any(each => each.Name == $"{layer.Name}.{ParameterNames.Bias}");
        return new ParameterBlock(layer.Name, offset, height, width, channels, weight[0], weight) { HasBias = hasBias };
    }

    /// <summary>The weights and biases of all blocks, and running moments, in files' names, shapes and order of elements.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="parameters">All parameters, in the kernels' order.</param>
    public static IReadOnlyList<WeightTensor> ToFile(IReadOnlyList<ParameterBlock> blocks, float[] parameters) => [.. Contents(blocks, parameters).Select(content => content.ToTensor())];

    /// <summary>The same tensors, each element brought into files' order when it is on its way.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="parameters">All parameters, in the kernels' order.</param>
    public static IEnumerable<TensorContent> Contents(IReadOnlyList<ParameterBlock> blocks, float[] parameters)
    {
        foreach (ParameterBlock block in blocks)
        {
            yield return new TensorContent(block.WeightName, block.WeightShape, take => block.GiveWeight(parameters, take));
            if (block.HasBias)
            {
                yield return Row(block.BiasName, block.Offset + block.WeightCount);
            }
            if (block.RunningCount > 0)
            {
                yield return Row(block.RunningMeanName, block.RunningOffset);
                yield return Row(block.RunningVarianceName, block.RunningOffset + block.Units);
            }
            TensorContent Row(string name, int first) => new(name, [block.Units], take => take(parameters.AsSpan(first, block.Units)));
        }
    }

    /// <summary>Copies weight and bias, which is empty where there is none, from files' order to the kernels' order.</summary>
    public void FromFile(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> parameters)
    {
        Span<float> matrix = parameters.Slice(Offset, Count);
        for (int row = 0; row * Units < weight.Length; row++)
        {
            int column = Column(row);
            for (int unit = 0; unit < Units; unit++)
            {
                matrix[(row * Units) + unit] = weight[(unit * Depth) + column];
            }
        }
        bias.CopyTo(matrix[WeightCount..]);
    }

    /// <summary>Copies all of the block's tensors from files' order to the kernels' order.</summary>
    public void FromFile(IReadOnlyDictionary<string, WeightTensor> named, Span<float> parameters)
    {
        FromFile(named[WeightName].Values, HasBias ? named[BiasName].Values : [], parameters);
        if (RunningCount > 0)
        {
            named[RunningMeanName].Values.CopyTo(parameters[RunningOffset..]);
            named[RunningVarianceName].Values.CopyTo(parameters[(RunningOffset + Units)..]);
        }
    }

    /// <summary>Hands the weight on in files' order, a few units at a time.</summary>
    private void GiveWeight(float[] parameters, TakeElements take)
    {
        ReadOnlySpan<float> matrix = parameters.AsSpan(Offset, WeightCount);
        float[] room = ArrayPool<float>.Shared.Rent(Math.Min(UnitsTogether, Units) * Depth);
        for (int unit = 0; unit < Units; unit += UnitsTogether)
        {
            int units = Math.Min(UnitsTogether, Units - unit);
            ToFile(matrix, unit, units, room);
            take(room.AsSpan(0, units * Depth));
        }
        ArrayPool<float>.Shared.Return(room);
    }

    /// <summary>Brings some units' weights into files' order.</summary>
    private unsafe void ToFile(ReadOnlySpan<float> matrix, int unit, int units, float[] target)
    {
        int taps = Height * Width;
        nint stride = (nint)Channels * Units;
        fixed (float* source = matrix, to = target)
        {
            for (int channel = 0; channel < Channels; channel++)
            {
                for (int tap = 0; tap < taps; tap += RowsTogether)
                {
                    float* rows = source + (tap * stride) + ((nint)channel * Units) + unit;
                    Panel.Transpose(rows, stride, Math.Min(RowsTogether, taps - tap), units, to + ((nint)channel * taps) + tap, Depth);
                }
            }
        }
    }

    /// <summary>Where the matrix's row of a kernel tap and channel lies in a unit's weight in files.</summary>
    private int Column(int row)
    {
        int channel = row % Channels, tap = row / Channels;
        return (channel * Height * Width) + tap;
    }
}
