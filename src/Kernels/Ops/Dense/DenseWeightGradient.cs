using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradient of a dense layer with respect to its weight and bias: inputᵀ gradOutput, and the column sums of gradOutput.</summary>
/// <remarks>input [N, K], gradOutput [N, F], gradParameters [K + 1, F] (the last row is the bias's), overwritten. Every element is one chain in the
/// order of n.</remarks>
public readonly struct DenseWeightGradient : IOp, ITiledProduct
{
    private readonly ArrayView<float> input, gradOutput, gradParameters;
    private readonly int batch, inputs, units;

    private DenseWeightGradient(ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> gradParameters, int batch, int inputs, int units)
    {
        this.input = input;
        this.gradOutput = gradOutput;
        this.gradParameters = gradParameters;
        this.batch = batch;
        this.inputs = inputs;
        this.units = units;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[batch, inputs].</param>
    /// <param name="gradOutput">[batch, units].</param>
    /// <param name="gradParameters">[inputs + 1, units], the bias last.</param>
    /// <param name="batch">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="units">F.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> gradParameters, int batch, int inputs, int units)
    {
        Require.Positive(batch);
        Require.Positive(inputs);
        Require.Positive(units);
        Require.Length(input, (long)batch * inputs);
        Require.Length(gradOutput, (long)batch * units);
        Require.Length(gradParameters, (inputs + 1L) * units);
        device.Run(new DenseWeightGradient(input, gradOutput, gradParameters, batch, inputs, units));
    }

    KernelConfig IOp.GpuShape => TiledProduct.Shape(inputs + 1, units);

    int ITiledProduct.Rows => inputs + 1;

    int ITiledProduct.Columns => units;

    int ITiledProduct.LeftAlongDepth => 0;

    int ITiledProduct.RightAlongDepth => 0;

    void IOp.Gpu() => TiledProduct.Run(this, 0, batch);

    // A bias is the weight of an input that is always one.
    float ITiledProduct.Left(int row, int k) => row < inputs ? input[((long)k * inputs) + row] : 1f;

    float ITiledProduct.Right(int k, int column) => gradOutput[((long)k * units) + column];

    void ITiledProduct.Store(int row, int column, float c0, float c1, float c2, float c3) =>
        TiledProduct.StoreRows(gradParameters, inputs + 1, units, row, column, c0, c1, c2, c3);

    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* gradient = CpuWorker.Pointer(gradOutput), result = CpuWorker.Pointer(gradParameters);
        MatrixProduct.Run(worker, new(CpuWorker.Pointer(input), 1, inputs), new(gradient, units, 1), result, inputs, units, batch);
        (int from, int to) = worker.Share(units, CpuWorker.Line);
        float* bias = result + ((nint)inputs * units) + from;
        new Span<float>(bias, to - from).Clear();
        for (int n = 0; n < batch; n++)
        {
            Elements.Add(bias, gradient + ((nint)n * units) + from, to - from);
        }
    }
}
