using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Dense layer: output = input weight + bias, then ReLU if asked for.</summary>
/// <remarks>input [N, K], parameters [K + 1, F] (the last row is the bias; without one there is no such row), output [N, F], overwritten. On the CPU every output is
/// one chain of multiply-adds in the order of k, on a GPU a sum of chains; where there are few outputs, of partial sums of slices of k, whose number hangs on the sizes alone.</remarks>
internal readonly struct DenseForward : IOp, ITiledProduct<DeepQuads, WideQuads>
{
    private readonly ArrayView<float> input, parameters, output;
    private readonly int batch, inputs, units, relu, hasBias, sliceDepth, vectorInput, vectorUnits, vectorOutput;

    private DenseForward(ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> output, int batch, int inputs, int units, bool relu, bool bias, int sliceDepth)
    {
        this.input = input;
        this.parameters = parameters;
        this.output = output;
        this.batch = batch;
        this.inputs = inputs;
        this.units = units;
        this.relu = relu ? 1 : 0;
        hasBias = bias ? 1 : 0;
        this.sliceDepth = sliceDepth;
        vectorInput = Float4.Fits(input, inputs);
        vectorUnits = Float4.Fits(parameters, units);
        vectorOutput = Float4.Fits(output, units);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[batch, inputs].</param>
    /// <param name="parameters">[inputs + 1, units], the bias last; without one [inputs, units].</param>
    /// <param name="output">[batch, units].</param>
    /// <param name="batch">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="units">F.</param>
    /// <param name="relu">Whether to set negative outputs to zero.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> output, int batch, int inputs, int units, bool relu, bool bias = true)
    {
        Require.Positive(batch);
        Require.Positive(inputs);
        Require.Positive(units);
        Require.Length(input, (long)batch * inputs);
        Require.Length(parameters, (inputs + (bias ? 1L : 0L)) * units);
        Require.Length(output, (long)batch * units);
        int sliceDepth = TiledProduct.SliceDepth(batch, units, inputs), slices = (inputs + sliceDepth - 1) / sliceDepth;
        if (slices == 1 || !device.RunsGpuBodies)
        {
            device.Run(new DenseForward(input, parameters, output, batch, inputs, units, relu, bias, inputs));
            return;
        }
        ArrayView<float> partials = device.Scratch((long)slices * batch * units);
        device.Run(new DenseForward(input, parameters, partials, batch, inputs, units, false, bias, sliceDepth));
        SumRows.Run(device, partials, output, slices, batch * units, relu);
    }

    KernelConfig IOp.GpuShape => TiledProduct.Shape(batch, units, (inputs + sliceDepth - 1) / sliceDepth);

    void IOp.Gpu()
    {
        int first = Grid.IdxZ * sliceDepth;
        TiledProduct.Run<DenseForward, DeepQuads, WideQuads>(this, first, Math.Min(first + sliceDepth, inputs));
    }

    DeepQuads ITiledProduct<DeepQuads, WideQuads>.Left(int row, int k, int endK) => new(input, vectorInput, inputs, batch, row, k, endK);

    WideQuads ITiledProduct<DeepQuads, WideQuads>.Right(int column, int k, int endK) => new(parameters, vectorUnits, units, 0, column, k, endK);

    int ITiledProduct<DeepQuads, WideQuads>.Chained => 1;

    void ITiledProduct<DeepQuads, WideQuads>.Store(int row, int column, Float4 c0, Float4 c1, Float4 c2, Float4 c3)
    {
        // The first slice has the bias.
        Float4 bias = Float4.Load(parameters, ((long)inputs * units) + column, Grid.IdxZ < hasBias ? units - column : 0);
        ArrayView<float> slice = output.SubView((long)Grid.IdxZ * batch * units, (long)batch * units);
        TiledProduct.StoreRows(slice, vectorOutput, batch, units, row, column, Activate(c0 + bias), Activate(c1 + bias), Activate(c2 + bias), Activate(c3 + bias));
    }

    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* weight = CpuWorker.Pointer(parameters), bias = weight + ((nint)inputs * units), result = CpuWorker.Pointer(output);
        MatrixProduct.Part part = MatrixProduct.Run(worker, new(CpuWorker.Pointer(input), inputs, 1), new(weight, units, 1), result, batch, units, inputs);
        int columns = part.EndColumn - part.FirstColumn;
        for (int i = part.FirstRow; i < part.EndRow; i++)
        {
            float* row = result + ((nint)i * units) + part.FirstColumn;
            if (hasBias != 0)
            {
                Elements.AddBias(row, bias + part.FirstColumn, columns, relu);
            }
            else if (relu != 0)
            {
                Elements.Relu(row, columns);
            }
        }
    }

    /// <summary>NaN stays NaN, so that a diverged training is seen in its loss.</summary>
    /// <remarks>One comparison a choice, as in <see cref="SumRows"/>.</remarks>
    private float Activate(float value)
    {
        if (relu == 0)
        {
            return value;
        }
        return value <= 0f ? 0f : value;
    }

    private Float4 Activate(Float4 values) => new(Activate(values.X), Activate(values.Y), Activate(values.Z), Activate(values.W));
}
