using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradient of a dense layer with respect to its weight and bias: inputᵀ gradOutput, and the column sums of gradOutput.</summary>
/// <remarks>input [N, K], gradOutput [N, F], gradParameters [K + 1, F] (the last row is the bias's; without a bias there is no such row), overwritten. Every element is
/// one chain in the order of n; on a GPU see <see cref="DenseForward"/> for slices.</remarks>
internal readonly struct DenseWeightGradient : IOp, ITiledProduct<WideQuads, WideQuads>
{
    private readonly ArrayView<float> input, gradOutput, gradParameters;
    private readonly int batch, inputs, units, hasBias, sliceDepth, vectorInput, vectorGradOutput, vectorGradParameters;

    private DenseWeightGradient(ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> gradParameters, int batch, int inputs, int units, bool bias, int sliceDepth)
    {
        this.input = input;
        this.gradOutput = gradOutput;
        this.gradParameters = gradParameters;
        this.batch = batch;
        this.inputs = inputs;
        this.units = units;
        hasBias = bias ? 1 : 0;
        this.sliceDepth = sliceDepth;
        vectorInput = Float4.Fits(input, inputs);
        vectorGradOutput = Float4.Fits(gradOutput, units);
        vectorGradParameters = Float4.Fits(gradParameters, units);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[batch, inputs].</param>
    /// <param name="gradOutput">[batch, units].</param>
    /// <param name="gradParameters">[inputs + 1, units], the bias last; without one [inputs, units].</param>
    /// <param name="batch">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="units">F.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> gradParameters, int batch, int inputs, int units, bool bias = true)
    {
        Require.Positive(batch);
        Require.Positive(inputs);
        Require.Positive(units);
        Require.Length(input, (long)batch * inputs);
        Require.Length(gradOutput, (long)batch * units);
        int rows = inputs + (bias ? 1 : 0);
        Require.Length(gradParameters, (long)rows * units);
        int sliceDepth = TiledProduct.SliceDepth(rows, units, batch), slices = (batch + sliceDepth - 1) / sliceDepth;
        if (slices == 1 || !device.RunsGpuBodies)
        {
            device.Run(new DenseWeightGradient(input, gradOutput, gradParameters, batch, inputs, units, bias, batch));
            return;
        }
        ArrayView<float> partials = device.Scratch((long)slices * rows * units);
        device.Run(new DenseWeightGradient(input, gradOutput, partials, batch, inputs, units, bias, sliceDepth));
        SumRows.Run(device, partials, gradParameters, slices, rows * units);
    }

    private int Rows => inputs + hasBias;

    KernelConfig IOp.GpuShape => TiledProduct.Shape(Rows, units, (batch + sliceDepth - 1) / sliceDepth);

    void IOp.Gpu()
    {
        int first = Grid.IdxZ * sliceDepth;
        TiledProduct.Run<DenseWeightGradient, WideQuads, WideQuads>(this, first, Math.Min(first + sliceDepth, batch));
    }

    WideQuads ITiledProduct<WideQuads, WideQuads>.Left(int row, int k, int endK) => new(input, vectorInput, inputs, 1, row, k, endK);

    WideQuads ITiledProduct<WideQuads, WideQuads>.Right(int column, int k, int endK) => new(gradOutput, vectorGradOutput, units, 0, column, k, endK);

    int ITiledProduct<WideQuads, WideQuads>.Chained => 0;

    void ITiledProduct<WideQuads, WideQuads>.Store(int row, int column, Float4 c0, Float4 c1, Float4 c2, Float4 c3)
    {
        ArrayView<float> slice = gradParameters.SubView((long)Grid.IdxZ * Rows * units, (long)Rows * units);
        TiledProduct.StoreRows(slice, vectorGradParameters, Rows, units, row, column, c0, c1, c2, c3);
    }

    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* gradient = CpuWorker.Pointer(gradOutput), result = CpuWorker.Pointer(gradParameters);
        MatrixProduct.Run(worker, new(CpuWorker.Pointer(input), 1, inputs), new(gradient, units, 1), result, inputs, units, batch);
        if (hasBias == 0)
        {
            return;
        }
        (int from, int to) = worker.Share(units, CpuWorker.Line);
        float* bias = result + ((nint)inputs * units) + from;
        new Span<float>(bias, to - from).Clear();
        for (int n = 0; n < batch; n++)
        {
            Elements.Add(bias, gradient + ((nint)n * units) + from, to - from);
        }
    }
}
