using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Dense layer: output = input weight + bias, then ReLU if asked for.</summary>
/// <remarks>input [N, K], parameters [K + 1, F] (the last row is the bias), output [N, F], overwritten. Every output is one chain of
/// multiply-adds in the order of k.</remarks>
public readonly struct DenseForward : IOp, ITiledProduct
{
    private readonly ArrayView<float> input, parameters, output;
    private readonly int batch, inputs, units, relu;

    private DenseForward(ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> output, int batch, int inputs, int units, bool relu)
    {
        this.input = input;
        this.parameters = parameters;
        this.output = output;
        this.batch = batch;
        this.inputs = inputs;
        this.units = units;
        this.relu = relu ? 1 : 0;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[batch, inputs].</param>
    /// <param name="parameters">[inputs + 1, units], the bias last.</param>
    /// <param name="output">[batch, units].</param>
    /// <param name="batch">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="units">F.</param>
    /// <param name="relu">Whether to set negative outputs to zero.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> output, int batch, int inputs, int units, bool relu)
    {
        Require.Positive(batch);
        Require.Positive(inputs);
        Require.Positive(units);
        Require.Length(input, (long)batch * inputs);
        Require.Length(parameters, (inputs + 1L) * units);
        Require.Length(output, (long)batch * units);
        device.Run(new DenseForward(input, parameters, output, batch, inputs, units, relu));
    }

    KernelConfig IOp.GpuShape => TiledProduct.Shape(batch, units);

    int ITiledProduct.Rows => batch;

    int ITiledProduct.Columns => units;

    int ITiledProduct.LeftAlongDepth => 1;

    int ITiledProduct.RightAlongDepth => 0;

    void IOp.Gpu() => TiledProduct.Run(this, 0, inputs);

    float ITiledProduct.Left(int row, int k) => input[((long)row * inputs) + k];

    float ITiledProduct.Right(int k, int column) => parameters[((long)k * units) + column];

    void ITiledProduct.Store(int row, int column, float c0, float c1, float c2, float c3)
    {
        float bias = parameters[((long)inputs * units) + column];
        TiledProduct.StoreRows(output, batch, units, row, column, Activate(c0 + bias), Activate(c1 + bias), Activate(c2 + bias), Activate(c3 + bias));
    }

    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* weight = CpuWorker.Pointer(parameters), bias = weight + ((nint)inputs * units), result = CpuWorker.Pointer(output);
        MatrixProduct.Part part = MatrixProduct.Run(worker, new(CpuWorker.Pointer(input), inputs, 1), new(weight, units, 1), result, batch, units, inputs);
        int columns = part.EndColumn - part.FirstColumn;
        for (int i = part.FirstRow; i < part.EndRow; i++)
        {
            Elements.AddBias(result + ((nint)i * units) + part.FirstColumn, bias + part.FirstColumn, columns, relu);
        }
    }

    /// <summary>NaN stays NaN, so that a diverged training is seen in its loss.</summary>
    private float Activate(float value) => relu != 0 && value <= 0f ? 0f : value;
}
