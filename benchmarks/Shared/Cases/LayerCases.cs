using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks;

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
