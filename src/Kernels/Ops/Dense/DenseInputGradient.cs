using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradient of a dense layer with respect to its input: gradInput = gradOutput weightᵀ.</summary>
/// <remarks>gradOutput [N, F], parameters [K + 1, F], gradInput [N, K], overwritten. Every element is one chain in the order of f.</remarks>
public readonly struct DenseInputGradient : IOp, ITiledProduct
{
    private readonly ArrayView<float> gradOutput, parameters, gradInput;
    private readonly int batch, inputs, units;

    private DenseInputGradient(ArrayView<float> gradOutput, ArrayView<float> parameters, ArrayView<float> gradInput, int batch, int inputs, int units)
    {
        this.gradOutput = gradOutput;
        this.parameters = parameters;
        this.gradInput = gradInput;
        this.batch = batch;
        this.inputs = inputs;
        this.units = units;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="gradOutput">[batch, units].</param>
    /// <param name="parameters">[inputs + 1, units], the bias last.</param>
    /// <param name="gradInput">[batch, inputs].</param>
    /// <param name="batch">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="units">F.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> gradOutput, ArrayView<float> parameters, ArrayView<float> gradInput, int batch, int inputs, int units)
    {
        Require.Positive(batch);
        Require.Positive(inputs);
        Require.Positive(units);
        Require.Length(gradOutput, (long)batch * units);
        Require.Length(parameters, (inputs + 1L) * units);
        Require.Length(gradInput, (long)batch * inputs);
        device.Run(new DenseInputGradient(gradOutput, parameters, gradInput, batch, inputs, units));
    }

    KernelConfig IOp.GpuShape => TiledProduct.Shape(batch, inputs);

    int ITiledProduct.Rows => batch;

    int ITiledProduct.Columns => inputs;

    int ITiledProduct.LeftAlongDepth => 1;

    int ITiledProduct.RightAlongDepth => 1;

    void IOp.Gpu() => TiledProduct.Run(this, 0, units);

    float ITiledProduct.Left(int row, int k) => gradOutput[((long)row * units) + k];

    float ITiledProduct.Right(int k, int column) => parameters[((long)column * units) + k];

    void ITiledProduct.Store(int row, int column, float c0, float c1, float c2, float c3) =>
        TiledProduct.StoreRows(gradInput, batch, inputs, row, column, c0, c1, c2, c3);

    unsafe void IOp.Cpu(in CpuWorker worker) => MatrixProduct.Run(worker, new(CpuWorker.Pointer(gradOutput), units, 1), new(CpuWorker.Pointer(parameters), 1, units),
        CpuWorker.Pointer(gradInput), batch, inputs, units);
}
