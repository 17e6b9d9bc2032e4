using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks;

/// <summary>A convolution as the network runs it: with ReLU and pooling where they follow.</summary>
internal abstract class Conv2dCase(string op, in Conv2dShape sizes, int batch) : KernelCase(op, Name(sizes), batch)
{
    /// <summary>The sizes.</summary>
    public Conv2dShape Sizes { get; } = sizes;

    /// <summary>A gradient has one multiply-add a tap for each output: where windows are pooled, the winner's.</summary>
    public override double Flops => 2.0 * Batch * Sizes.OutputCount * Sizes.Depth;

    /// <summary>For example <c>64x13x13 to 128, 3x3 s2 p1, pooled</c>.</summary>
    public static string Name(in Conv2dShape s) => $"{s.Channels}x{s.Height}x{s.Width} to {s.Filters}, {s.KernelHeight}x{s.KernelWidth} s{s.Stride} p{s.Padding}{(s.IsPooled ? ", pooled" : "")}";

    /// <summary>An operand of winners: each of the four, or none, equally often.</summary>
    protected Operand<byte> ReadWinners() => Read("winners", Sizes.IsPooled ? Batch * Sizes.OutputCount : 1, Numbers.Below<byte>(Benchmarks.Naive.Closed + 1));
}

/// <summary>Convolution, forward.</summary>
internal sealed class Conv2dForwardCase : Conv2dCase
{
    /// <summary>Creates the case.</summary>
    public Conv2dForwardCase(in Conv2dShape sizes, int batch) : base(nameof(Conv2dForward), sizes, batch)
    {
        Input = Read("input", batch * sizes.InputCount);
        Parameters = Read("parameters", sizes.ParameterCount);
        Output = Write<float>("output", batch * sizes.OutputCount);
        Winners = Write<byte>("winners", sizes.IsPooled ? batch * sizes.OutputCount : 1);
    }

    /// <summary>[N, H, W, C].</summary>
    public Operand<float> Input { get; }

    /// <summary>[Kh Kw C + 1, F].</summary>
    public Operand<float> Parameters { get; }

    /// <summary>[N, Ho, Wo, F].</summary>
    public Operand<float> Output { get; }

    /// <summary>As many bytes.</summary>
    public Operand<byte> Winners { get; }

    /// <inheritdoc/>
    public override double Flops => 2.0 * Batch * Sizes.RowsPerImage * Sizes.Depth * Sizes.Filters;

    /// <inheritdoc/>
    public override void Naive() => Benchmarks.Naive.Conv2dForward(Sizes, Input.Host, Parameters.Host, Output.Host, Winners.Host, Batch);

    /// <inheritdoc/>
    protected override void Launch(Device on) => Conv2dForward.Run(on, Sizes, Input.View, Parameters.View, Output.View, Winners.View, Batch);
}

/// <summary>Convolution, gradient of the input.</summary>
internal sealed class Conv2dInputGradientCase : Conv2dCase
{
    /// <summary>Creates the case.</summary>
    public Conv2dInputGradientCase(in Conv2dShape sizes, int batch) : base(nameof(Conv2dInputGradient), sizes, batch)
    {
        GradOutput = Read("gradOutput", batch * sizes.OutputCount);
        Winners = ReadWinners();
        Parameters = Read("parameters", sizes.ParameterCount);
        GradInput = Write<float>("gradInput", batch * sizes.InputCount);
    }

    /// <summary>[N, Ho, Wo, F].</summary>
    public Operand<float> GradOutput { get; }

    /// <summary>As many bytes.</summary>
    public Operand<byte> Winners { get; }

    /// <summary>[Kh Kw C + 1, F].</summary>
    public Operand<float> Parameters { get; }

    /// <summary>[N, H, W, C].</summary>
    public Operand<float> GradInput { get; }

    /// <inheritdoc/>
    public override void Naive() => Benchmarks.Naive.Conv2dInputGradient(Sizes, GradOutput.Host, Winners.Host, Parameters.Host, GradInput.Host, Batch);

    /// <inheritdoc/>
    protected override void Launch(Device on) => Conv2dInputGradient.Run(on, Sizes, GradOutput.View, Winners.View, Parameters.View, GradInput.View, Batch);
}

/// <summary>Convolution, gradient of weight and bias, partial sums added up.</summary>
internal sealed class Conv2dWeightGradientCase : Conv2dCase
{
    private readonly int chunks;
    private DeviceBuffer<float>? partials;

    /// <summary>Creates the case.</summary>
    public Conv2dWeightGradientCase(in Conv2dShape sizes, int batch) : base(nameof(Conv2dWeightGradient), sizes, batch)
    {
        chunks = Conv2dWeightGradient.Chunks(batch);
        Input = Read("input", batch * sizes.InputCount);
        GradOutput = Read("gradOutput", batch * sizes.OutputCount);
        Winners = ReadWinners();
        GradParameters = Write<float>("gradParameters", sizes.ParameterCount);
    }

    /// <summary>[N, H, W, C].</summary>
    public Operand<float> Input { get; }

    /// <summary>[N, Ho, Wo, F].</summary>
    public Operand<float> GradOutput { get; }

    /// <summary>As many bytes.</summary>
    public Operand<byte> Winners { get; }

    /// <summary>[Kh Kw C + 1, F].</summary>
    public Operand<float> GradParameters { get; }

    /// <inheritdoc/>
    public override void Naive() => Benchmarks.Naive.Conv2dWeightGradient(Sizes, Input.Host, GradOutput.Host, Winners.Host, GradParameters.Host, Batch);

    /// <inheritdoc/>
    public override void Dispose()
    {
        partials?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override void Launch(Device on)
    {
        partials ??= on.Allocate<float>((long)chunks * Sizes.ParameterCount);
        Conv2dWeightGradient.Run(on, Sizes, Input.View, GradOutput.View, Winners.View, partials.View, Batch);
        SumRows.Run(on, partials.View, GradParameters.View, chunks, Sizes.ParameterCount);
    }
}

/// <summary>A dense layer.</summary>
internal abstract class DenseCase(string op, int inputs, int units, int batch) : KernelCase(op, Name(inputs, units), batch)
{
    /// <summary>K.</summary>
    public int Inputs => inputs;

    /// <summary>F.</summary>
    public int Units => units;

    /// <inheritdoc/>
    public override double Flops => 2.0 * Batch * inputs * units;

    /// <summary>For example <c>5408 to 128</c>.</summary>
    public static string Name(int inputs, int units) => $"{inputs} to {units}";
}

/// <summary>Dense layer, forward.</summary>
internal sealed class DenseForwardCase : DenseCase
{
    private readonly bool relu;

    /// <summary>Creates the case.</summary>
    public DenseForwardCase(int inputs, int units, int batch, bool relu) : base(nameof(DenseForward), inputs, units, batch)
    {
        this.relu = relu;
        Input = Read("input", batch * inputs);
        Parameters = Read("parameters", (inputs + 1) * units);
        Output = Write<float>("output", batch * units);
    }

    /// <summary>Whether ReLU follows.</summary>
    public bool HasRelu => relu;

    /// <summary>[N, K].</summary>
    public Operand<float> Input { get; }

    /// <summary>[K + 1, F].</summary>
    public Operand<float> Parameters { get; }

    /// <summary>[N, F].</summary>
    public Operand<float> Output { get; }

    /// <inheritdoc/>
    public override void Naive() => Benchmarks.Naive.DenseForward(Input.Host, Parameters.Host, Output.Host, Batch, Inputs, Units, relu);

    /// <inheritdoc/>
    protected override void Launch(Device on) => DenseForward.Run(on, Input.View, Parameters.View, Output.View, Batch, Inputs, Units, relu);
}

/// <summary>Dense layer, gradient of the input.</summary>
internal sealed class DenseInputGradientCase : DenseCase
{
    /// <summary>Creates the case.</summary>
    public DenseInputGradientCase(int inputs, int units, int batch) : base(nameof(DenseInputGradient), inputs, units, batch)
    {
        GradOutput = Read("gradOutput", batch * units);
        Parameters = Read("parameters", (inputs + 1) * units);
        GradInput = Write<float>("gradInput", batch * inputs);
    }

    /// <summary>[N, F].</summary>
    public Operand<float> GradOutput { get; }

    /// <summary>[K + 1, F].</summary>
    public Operand<float> Parameters { get; }

    /// <summary>[N, K].</summary>
    public Operand<float> GradInput { get; }

    /// <inheritdoc/>
    public override void Naive() => Benchmarks.Naive.DenseInputGradient(GradOutput.Host, Parameters.Host, GradInput.Host, Batch, Inputs, Units);

    /// <inheritdoc/>
    protected override void Launch(Device on) => DenseInputGradient.Run(on, GradOutput.View, Parameters.View, GradInput.View, Batch, Inputs, Units);
}

/// <summary>Dense layer, gradient of weight and bias.</summary>
internal sealed class DenseWeightGradientCase : DenseCase
{
    /// <summary>Creates the case.</summary>
    public DenseWeightGradientCase(int inputs, int units, int batch) : base(nameof(DenseWeightGradient), inputs, units, batch)
    {
        Input = Read("input", batch * inputs);
        GradOutput = Read("gradOutput", batch * units);
        GradParameters = Write<float>("gradParameters", (inputs + 1) * units);
    }

    /// <summary>[N, K].</summary>
    public Operand<float> Input { get; }

    /// <summary>[N, F].</summary>
    public Operand<float> GradOutput { get; }

    /// <summary>[K + 1, F].</summary>
    public Operand<float> GradParameters { get; }

    /// <inheritdoc/>
    public override void Naive() => Benchmarks.Naive.DenseWeightGradient(Input.Host, GradOutput.Host, GradParameters.Host, Batch, Inputs, Units);

    /// <inheritdoc/>
    protected override void Launch(Device on) => DenseWeightGradient.Run(on, Input.View, GradOutput.View, GradParameters.View, Batch, Inputs, Units);
}
