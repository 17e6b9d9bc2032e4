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

    public string WeightName => $"{Name}.weight";

    public string BiasName => $"{Name}.bias";

    public string RunningMeanName => $"{Name}.running_mean";

    public string RunningVarianceName => $"{Name}.running_var";

    /// <summary>Copies weight and bias, which is empty where there is none, from the kernels' order to files' order.</summary>
    public (float[] Weight, float[] Bias) ToFile(ReadOnlySpan<float> parameters)
    {
        ReadOnlySpan<float> matrix = parameters.Slice(Offset, Count);
        var weight = new float[WeightCount];
        for (int row = 0; row * Units < weight.Length; row++)
        {
            int column = Column(row);
            for (int unit = 0; unit < Units; unit++)
            {
                weight[(unit * Depth) + column] = matrix[(row * Units) + unit];
            }
        }
        return (weight, matrix[WeightCount..].ToArray());
    }

    /// <summary>Copies the weights and biases of all blocks from the kernels' order to files' order.</summary>
    public static IReadOnlyList<WeightTensor> ToFile(IReadOnlyList<ParameterBlock> blocks, ReadOnlySpan<float> parameters)
    {
        var tensors = new List<WeightTensor>();
        foreach (ParameterBlock block in blocks)
        {
            (float[] weight, float[] bias) = block.ToFile(parameters);
            tensors.Add(new WeightTensor(block.WeightName, block.WeightShape, weight));
            if (block.HasBias)
            {
                tensors.Add(new WeightTensor(block.BiasName, [block.Units], bias));
            }
            if (block.RunningCount > 0)
            {
                ReadOnlySpan<float> running = parameters.Slice(block.RunningOffset, block.RunningCount);
                tensors.Add(new WeightTensor(block.RunningMeanName, [block.Units], running[..block.Units].ToArray()));
                tensors.Add(new WeightTensor(block.RunningVarianceName, [block.Units], running[block.Units..].ToArray()));
            }
        }
        return tensors;
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

    /// <summary>Where the matrix's row of a kernel tap and channel lies in a unit's weight in files.</summary>
    private int Column(int row)
    {
        int channel = row % Channels, tap = row / Channels;
        return (channel * Height * Width) + tap;
    }
}
