using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks;

/// <summary>An operation that makes one number of one number.</summary>
internal abstract class MapCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    protected MapCase(string op, int count, int batch) : base(op, $"{count}", batch)
    {
        Input = Read("input", batch * count);
        Output = Write<float>("output", batch * count);
    }

    /// <summary>[N, count].</summary>
    public Operand<float> Input { get; }

    /// <summary>[N, count].</summary>
    public Operand<float> Output { get; }

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int i = 0; i < Input.Length; i++)
        {
            Output.Host[i] = Of(Input.Host[i]);
        }
    }

    /// <summary>The textbook's function.</summary>
    protected abstract float Of(float x);
}

/// <summary>Gradient of such an operation, from what the operation read or wrote.</summary>
internal abstract class MapGradientCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    protected MapGradientCase(string op, int count, int batch) : base(op, $"{count}", batch)
    {
        Known = Read("known", batch * count);
        GradOutput = Read("gradOutput", batch * count);
        GradInput = Write<float>("gradInput", batch * count);
    }

    /// <summary>[N, count].</summary>
    public Operand<float> Known { get; }

    /// <summary>[N, count].</summary>
    public Operand<float> GradOutput { get; }

    /// <summary>[N, count].</summary>
    public Operand<float> GradInput { get; }

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int i = 0; i < Known.Length; i++)
        {
            GradInput.Host[i] = GradOutput.Host[i] * Slope(Known.Host[i]);
        }
    }

    /// <summary>The textbook's derivative.</summary>
    protected abstract float Slope(float known);
}

/// <summary>LeakyReLU.</summary>
internal sealed class LeakyReluCase(int count, int batch) : MapCase(nameof(LeakyRelu), count, batch)
{
    /// <summary>The slope below zero.</summary>
    public const double Slope = 0.01;

    /// <inheritdoc/>
    public override double Flops => Input.Length;

    /// <inheritdoc/>
    protected override float Of(float x) => x > 0f ? x : (float)Slope * x;

    /// <inheritdoc/>
    protected override void Launch(Device on) => Kernels.LeakyRelu.Run(on, Input.View, Output.View, Input.Length, Slope);
}

/// <summary>Gradient of LeakyReLU.</summary>
internal sealed class LeakyReluGradientCase(int count, int batch) : MapGradientCase(nameof(LeakyReluGradient), count, batch)
{
    /// <inheritdoc/>
    public override double Flops => Known.Length;

    /// <inheritdoc/>
    protected override float Slope(float known) => known > 0f ? 1f : (float)LeakyReluCase.Slope;

    /// <inheritdoc/>
    protected override void Launch(Device on) => LeakyReluGradient.Run(on, Known.View, GradOutput.View, GradInput.View, Known.Length, LeakyReluCase.Slope);
}

/// <summary>GELU.</summary>
internal sealed class GeluCase(int count, int batch) : MapCase(nameof(Gelu), count, batch)
{
    /// <summary>A division, the error function, which counts one, a sum, two products.</summary>
    public override double Flops => 5.0 * Input.Length;

    /// <summary>The normal distribution's Φ by the sum of Abramowitz and Stegun, 7.1.26, exact to 1e-7.</summary>
    public static double Phi(double x)
    {
        double z = Math.Abs(x) / Math.Sqrt(2), t = 1 / (1 + (0.3275911 * z));
        double rest = ((((((((1.061405429 * t) - 1.453152027) * t) + 1.421413741) * t) - 0.284496736) * t) + 0.254829592) * t * Math.Exp(-z * z) / 2;
        return x > 0 ? 1 - rest : rest;
    }

    /// <inheritdoc/>
    protected override float Of(float x) => (float)(x * Phi(x));

    /// <inheritdoc/>
    protected override void Launch(Device on) => Kernels.Gelu.Run(on, Input.View, Output.View, Input.Length);
}

/// <summary>Gradient of GELU.</summary>
internal sealed class GeluGradientCase(int count, int batch) : MapGradientCase(nameof(GeluGradient), count, batch)
{
    /// <summary>Those of Φ, an exponential of a square, which counts one, a multiply-add, a product.</summary>
    public override double Flops => 10.0 * Known.Length;

    /// <inheritdoc/>
    protected override float Slope(float known) => (float)(GeluCase.Phi(known) + (known * Math.Exp(-0.5 * known * known) / Math.Sqrt(2 * Math.PI)));

    /// <inheritdoc/>
    protected override void Launch(Device on) => GeluGradient.Run(on, Known.View, GradOutput.View, GradInput.View, Known.Length);
}

/// <summary>The sum at the end of a residual block, with ReLU.</summary>
internal sealed class AddCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    public AddCase(int count, int batch) : base(nameof(Add), $"{count} ReLU", batch)
    {
        Left = Read("left", batch * count);
        Right = Read<float>("right", batch * count, Numbers.Activations);
        Output = Write<float>("output", batch * count);
    }

    /// <summary>[N, count].</summary>
    public Operand<float> Left { get; }

    /// <summary>[N, count].</summary>
    public Operand<float> Right { get; }

    /// <summary>[N, count].</summary>
    public Operand<float> Output { get; }

    /// <inheritdoc/>
    public override double Flops => 2.0 * Left.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int i = 0; i < Left.Length; i++)
        {
            Output.Host[i] = Math.Max(0f, Left.Host[i] + Right.Host[i]);
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => Add.Run(on, Left.View, Right.View, Output.View, Left.Length, relu: true);
}

/// <summary>Average-pooling; with a window as large as the image the global one.</summary>
internal sealed class AveragePool2dCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    public AveragePool2dCase(in Pool2dShape sizes, int batch) : base(nameof(AveragePool2d), Name(sizes), batch)
    {
        Sizes = sizes;
        Input = Read("input", batch * sizes.InputCount);
        Output = Write<float>("output", batch * sizes.OutputCount);
    }

    /// <summary>The sizes.</summary>
    public Pool2dShape Sizes { get; }

    /// <summary>[N, H, W, C].</summary>
    public Operand<float> Input { get; }

    /// <summary>[N, Ho, Wo, C].</summary>
    public Operand<float> Output { get; }

    /// <summary>Sums and the division.</summary>
    public override double Flops => (double)Output.Length * Sizes.WindowHeight * Sizes.WindowWidth;

    /// <summary>For example <c>16x28x28 window 2</c>.</summary>
    public static string Name(in Pool2dShape s) => $"{MaxPool2dCase.Name(s)} {(s.OutputHeight * s.OutputWidth == 1 ? "global" : $"window {s.WindowHeight}")}";

    /// <inheritdoc/>
    public override void Naive()
    {
        Pool2dShape s = Sizes;
        for (int i = 0; i < Output.Length; i++)
        {
            int c = i % s.Channels, ox = i / s.Channels % s.OutputWidth, oy = i / (s.Channels * s.OutputWidth) % s.OutputHeight, n = i / s.OutputCount;
            float sum = 0f;
            for (int y = oy * s.Stride; y < (oy * s.Stride) + s.WindowHeight; y++)
            {
                for (int x = ox * s.Stride; x < (ox * s.Stride) + s.WindowWidth; x++)
                {
                    sum += Input.Host[(n * s.InputCount) + (((y * s.Width) + x) * s.Channels) + c];
                }
            }
            Output.Host[i] = sum / (s.WindowHeight * s.WindowWidth);
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => Kernels.AveragePool2d.Run(on, Sizes, Input.View, Output.View, Batch);
}

/// <summary>Gradient of average-pooling.</summary>
internal sealed class AveragePool2dGradientCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    public AveragePool2dGradientCase(in Pool2dShape sizes, int batch) : base(nameof(AveragePool2dGradient), AveragePool2dCase.Name(sizes), batch)
    {
        Sizes = sizes;
        GradOutput = Read("gradOutput", batch * sizes.OutputCount);
        GradInput = Write<float>("gradInput", batch * sizes.InputCount);
    }

    /// <summary>The sizes.</summary>
    public Pool2dShape Sizes { get; }

    /// <summary>[N, Ho, Wo, C].</summary>
    public Operand<float> GradOutput { get; }

    /// <summary>[N, H, W, C].</summary>
    public Operand<float> GradInput { get; }

    /// <inheritdoc/>
    public override double Flops => (double)GradOutput.Length * Sizes.WindowHeight * Sizes.WindowWidth;

    /// <inheritdoc/>
    public override void Naive()
    {
        Pool2dShape s = Sizes;
        Array.Clear(GradInput.Host);
        for (int i = 0; i < GradOutput.Length; i++)
        {
            int c = i % s.Channels, ox = i / s.Channels % s.OutputWidth, oy = i / (s.Channels * s.OutputWidth) % s.OutputHeight, n = i / s.OutputCount;
            for (int y = oy * s.Stride; y < (oy * s.Stride) + s.WindowHeight; y++)
            {
                for (int x = ox * s.Stride; x < (ox * s.Stride) + s.WindowWidth; x++)
                {
                    GradInput.Host[(n * s.InputCount) + (((y * s.Width) + x) * s.Channels) + c] += GradOutput.Host[i] / (s.WindowHeight * s.WindowWidth);
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => AveragePool2dGradient.Run(on, Sizes, GradOutput.View, GradInput.View, Batch);
}
