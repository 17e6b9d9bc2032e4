using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradient of a dense layer with respect to its input: gradInput = gradOutput weightᵀ.</summary>
/// <remarks>gradOutput [N, F], weight [K, F], the first rows of a layer's weight, gradInput [N, K], overwritten. Every element is one chain in the order of f; on a
/// GPU see <see cref="DenseForward"/> for slices.</remarks>
internal readonly struct DenseInputGradient : IOp, ITiledProduct<DeepQuads, DeepQuads>
{
    private readonly ArrayView<float> gradOutput, weight, gradInput;
    private readonly int batch, inputs, units, sliceDepth, vectorGradOutput, vectorWeight, vectorGradInput;

    private DenseInputGradient(ArrayView<float> gradOutput, ArrayView<float> weight, ArrayView<float> gradInput, int batch, int inputs, int units, int sliceDepth)
    {
        this.gradOutput = gradOutput;
        this.weight = weight;
        this.gradInput = gradInput;
        this.batch = batch;
        this.inputs = inputs;
        this.units = units;
        this.sliceDepth = sliceDepth;
        vectorGradOutput = Float4.Fits(gradOutput, units);
        vectorWeight = Float4.Fits(weight, units);
        vectorGradInput = Float4.Fits(gradInput, inputs);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="gradOutput">[batch, units].</param>
    /// <param name="weight">[inputs, units]; a bias behind it is not read.</param>
    /// <param name="gradInput">[batch, inputs].</param>
    /// <param name="batch">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="units">F.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> gradOutput, ArrayView<float> weight, ArrayView<float> gradInput, int batch, int inputs, int units)
    {
        Require.Positive(batch);
        Require.Positive(inputs);
        Require.Positive(units);
        Require.Length(gradOutput, (long)batch * units);
        Require.Length(weight, (long)inputs * units);
        Require.Length(gradInput, (long)batch * inputs);
        int sliceDepth = TiledProduct.SliceDepth(batch, inputs, units), slices = (units + sliceDepth - 1) / sliceDepth;
        if (slices == 1 || !device.RunsGpuBodies)
        {
            device.Run(new DenseInputGradient(gradOutput, weight, gradInput, batch, inputs, units, units));
            return;
        }
        ArrayView<float> partials = device.Scratch((long)slices * batch * inputs);
        device.Run(new DenseInputGradient(gradOutput, weight, partials, batch, inputs, units, sliceDepth));
        SumRows.Run(device, partials, gradInput, slices, batch * inputs);
    }

    KernelConfig IOp.GpuShape => TiledProduct.Shape(batch, inputs, (units + sliceDepth - 1) / sliceDepth);

    void IOp.Gpu()
    {
        int first = Grid.IdxZ * sliceDepth;
        TiledProduct.Run<DenseInputGradient, DeepQuads, DeepQuads>(this, first, Math.Min(first + sliceDepth, units));
    }

    DeepQuads ITiledProduct<DeepQuads, DeepQuads>.Left(int row, int k, int endK) => new(gradOutput, vectorGradOutput, units, batch, row, k, endK);

    DeepQuads ITiledProduct<DeepQuads, DeepQuads>.Right(int column, int k, int endK) => new(weight, vectorWeight, units, inputs, column, k, endK);

    int ITiledProduct<DeepQuads, DeepQuads>.Chained => 0;

    void ITiledProduct<DeepQuads, DeepQuads>.Store(int row, int column, Float4 c0, Float4 c1, Float4 c2, Float4 c3)
    {
        ArrayView<float> slice = gradInput.SubView((long)Grid.IdxZ * batch * inputs, (long)batch * inputs);
        TiledProduct.StoreRows(slice, vectorGradInput, batch, inputs, row, column, c0, c1, c2, c3);
    }

    unsafe void IOp.Cpu(in CpuWorker worker) => MatrixProduct.Run(worker, new(CpuWorker.Pointer(gradOutput), units, 1), new(CpuWorker.Pointer(weight), 1, units),
        CpuWorker.Pointer(gradInput), batch, inputs, units);
}
