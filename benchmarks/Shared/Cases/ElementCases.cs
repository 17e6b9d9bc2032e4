using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks;

/// <summary>Dropout, in place; its gradient is the same operation.</summary>
internal sealed class DropoutCase : KernelCase
{
    private const ulong Seed = 3;

    /// <summary>Creates the case.</summary>
    public DropoutCase(int count, double rate, int batch) : base(nameof(Dropout), FormattableString.Invariant($"{count} at {rate}"), batch)
    {
        Rate = rate;
        Values = Update("values", batch * count, Numbers.Uniform);
    }

    /// <summary>The share to drop.</summary>
    public double Rate { get; }

    /// <summary>[N, count].</summary>
    public Operand<float> Values { get; }

    /// <summary>The scaling; random numbers are not counted.</summary>
    public override double Flops => Values.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        uint threshold = (uint)Math.Round(Rate * 4294967296.0);
        float scale = (float)(1 / (1 - Rate));
        for (int i = 0; i < Values.Length; i++)
        {
            Philox random = Philox.At((uint)i / 4, 1, 0, 0, Seed);
            uint word = (i % 4) switch { 0 => random.X0, 1 => random.X1, 2 => random.X2, _ => random.X3 };
            Values.Host[i] = word < threshold ? 0f : Values.Host[i] * scale;
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => Kernels.Dropout.Run(on, Values.View, Values.Length, Rate, Seed, 1, 0);
}

/// <summary>Max-pooling of its own, 2 x 2.</summary>
internal sealed class MaxPool2dCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    public MaxPool2dCase(in Pool2dShape sizes, int batch) : base(nameof(MaxPool2d), Name(sizes), batch)
    {
        Sizes = sizes;
        Input = Read("input", batch * sizes.InputCount);
        Output = Write<float>("output", batch * sizes.OutputCount);
        Winners = Write<int>("winners", batch * sizes.OutputCount);
    }

    /// <summary>The sizes.</summary>
    public Pool2dShape Sizes { get; }

    /// <summary>[N, H, W, C].</summary>
    public Operand<float> Input { get; }

    /// <summary>[N, Ho, Wo, C].</summary>
    public Operand<float> Output { get; }

    /// <summary>As many integers.</summary>
    public Operand<int> Winners { get; }

    /// <summary>Comparisons.</summary>
    public override double Flops => (double)Output.Length * ((Sizes.WindowHeight * Sizes.WindowWidth) - 1);

    /// <summary>For example <c>32x26x26</c>.</summary>
    public static string Name(in Pool2dShape s) => $"{s.Channels}x{s.Height}x{s.Width}";

    /// <inheritdoc/>
    public override void Naive()
    {
        Pool2dShape s = Sizes;
        for (int i = 0; i < Output.Length; i++)
        {
            int c = i % s.Channels, ox = i / s.Channels % s.OutputWidth, oy = i / (s.Channels * s.OutputWidth) % s.OutputHeight, n = i / s.OutputCount;
            Output.Host[i] = float.NegativeInfinity;
            for (int y = oy * s.Stride; y < (oy * s.Stride) + s.WindowHeight; y++)
            {
                for (int x = ox * s.Stride; x < (ox * s.Stride) + s.WindowWidth; x++)
                {
                    float value = Input.Host[(n * s.InputCount) + (((y * s.Width) + x) * s.Channels) + c];
                    if (value > Output.Host[i])
                    {
                        Output.Host[i] = value;
                        Winners.Host[i] = (y * s.Width) + x;
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => Kernels.MaxPool2d.Run(on, Sizes, Input.View, Output.View, Winners.View, Batch);
}

/// <summary>Gradient of max-pooling.</summary>
internal sealed class MaxPool2dGradientCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    public MaxPool2dGradientCase(in Pool2dShape sizes, int batch) : base(nameof(MaxPool2dGradient), MaxPool2dCase.Name(sizes), batch)
    {
        Pool2dShape s = Sizes = sizes;
        GradOutput = Read("gradOutput", batch * sizes.OutputCount);
        Winners = Read<int>("winners", batch * sizes.OutputCount, winners =>
        {
            for (int i = 0; i < winners.Length; i++)
            {
                int ox = i / s.Channels % s.OutputWidth, oy = i / (s.Channels * s.OutputWidth) % s.OutputHeight;
                winners[i] = (((oy * s.Stride) + (i % 3 % s.WindowHeight)) * s.Width) + (ox * s.Stride) + (i % 5 % s.WindowWidth);
            }
        });
        GradInput = Write<float>("gradInput", batch * sizes.InputCount);
    }

    /// <summary>The sizes.</summary>
    public Pool2dShape Sizes { get; }

    /// <summary>[N, Ho, Wo, C].</summary>
    public Operand<float> GradOutput { get; }

    /// <summary>As many integers.</summary>
    public Operand<int> Winners { get; }

    /// <summary>[N, H, W, C].</summary>
    public Operand<float> GradInput { get; }

    /// <inheritdoc/>
    public override double Flops => GradOutput.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        Array.Clear(GradInput.Host);
        for (int i = 0; i < GradOutput.Length; i++)
        {
            GradInput.Host[(i / Sizes.OutputCount * Sizes.InputCount) + (Winners.Host[i] * Sizes.Channels) + (i % Sizes.Channels)] += GradOutput.Host[i];
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => MaxPool2dGradient.Run(on, Sizes, GradOutput.View, Winners.View, GradInput.View, Batch);
}

/// <summary>Operands of what takes a batch out of the training images.</summary>
internal abstract class BatchCase : KernelCase
{
    /// <summary>Images of Fashion-MNIST's training part.</summary>
    protected const int Images = 60_000;

    /// <summary>Creates the operands.</summary>
    protected BatchCase(string op, string shape, int pixels, int batch) : base(op, shape, batch)
    {
        Pixels = pixels;
        Source = Read("images", Images * pixels, Numbers.Below<byte>(256), (long)batch * pixels);
        Labels = Read("labels", Images, Numbers.Below<byte>(10), batch);
        Order = Read("order", batch, Numbers.Below<int>(Images));
        BatchImages = Write<float>("batchImages", batch * pixels);
        BatchLabels = Write<int>("batchLabels", batch);
    }

    /// <summary>Bytes of an image.</summary>
    public int Pixels { get; }

    /// <summary>[60000, pixels].</summary>
    public Operand<byte> Source { get; }

    /// <summary>[60000].</summary>
    public Operand<byte> Labels { get; }

    /// <summary>[N].</summary>
    public Operand<int> Order { get; }

    /// <summary>[N, pixels].</summary>
    public Operand<float> BatchImages { get; }

    /// <summary>[N].</summary>
    public Operand<int> BatchLabels { get; }

    /// <summary>The scaling; random numbers and places are not counted.</summary>
    public override double Flops => BatchImages.Length;
}

/// <summary>A batch taken out of the training images.</summary>
internal sealed class GatherImagesCase(int pixels, int batch) : BatchCase(nameof(GatherImages), $"{pixels}", pixels, batch)
{
    /// <inheritdoc/>
    public override void Naive()
    {
        for (int n = 0; n < Batch; n++)
        {
            int image = Order.Host[n];
            for (int i = 0; i < Pixels; i++)
            {
                BatchImages.Host[(n * Pixels) + i] = Source.Host[(image * Pixels) + i] / 255f;
            }
            BatchLabels.Host[n] = Labels.Host[image];
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => GatherImages.Run(on, Source.View, Labels.View, Order.View, BatchImages.View, BatchLabels.View, Pixels, 0, Batch);
}
