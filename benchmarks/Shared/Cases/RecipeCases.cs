using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn.Benchmarks;

/// <summary>A batch of images shifted, mirrored and partly erased on their way.</summary>
internal sealed class AugmentImagesCase : BatchCase
{
    private const int Size = 28, Shift = 2;
    private const uint Step = 1, Stream = 5;
    private const ulong Seed = 3;
    private const double Erase = 0.25;

    /// <summary>Creates the case.</summary>
    public AugmentImagesCase(int batch) : base(nameof(AugmentImages), $"1x{Size}x{Size}", Size * Size, batch)
    {
        Rectangles = Read<int>("rectangles", 4, values => ((int[])[8, 8, 5, 11]).CopyTo(values, 0));
        Fill = Read<byte>("fill", 1, values => values[0] = 73);
    }

    /// <summary>[2, 2]: rows and columns of the rectangles to erase.</summary>
    public Operand<int> Rectangles { get; }

    /// <summary>[1]: what an erased pixel becomes.</summary>
    public Operand<byte> Fill { get; }

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int n = 0; n < Batch; n++)
        {
            int image = Order.Host[n];
            Philox words = Philox.At((uint)image, Step, 0, Stream, Seed), place = Philox.At((uint)image, Step, 1, Stream, Seed);
            int right = Below(words.X0, (2 * Shift) + 1) - Shift, down = Below(words.X1, (2 * Shift) + 1) - Shift, rectangle = 2 * Below(place.X0, 2);
            bool mirrored = words.X2 >= 0x8000_0000, erased = words.X3 < Erase * 4294967296.0;
            int rows = Rectangles.Host[rectangle], columns = Rectangles.Host[rectangle + 1], top = Below(place.X1, Size - rows + 1), left = Below(place.X2, Size - columns + 1);
            for (int i = 0; i < Size * Size; i++)
            {
                (int y, int x) = (i / Size, i % Size);
                bool inside = erased && y >= top && y < top + rows && x >= left && x < left + columns;
                int line = Math.Clamp(y - down, 0, Size - 1), column = Math.Clamp((mirrored ? Size - 1 - x : x) - right, 0, Size - 1);
                BatchImages.Host[(n * Size * Size) + i] = (inside ? Fill.Host[0] : Source.Host[(((image * Size) + line) * Size) + column]) / 255f;
            }
            BatchLabels.Host[n] = Labels.Host[image];
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => AugmentImages.Run(on, Source.View, Labels.View, Order.View, BatchImages.View, BatchLabels.View,
        new AugmentationDraw(Size, Size, 1, Shift, true, Erase, Rectangles.View, Fill.View), 0, Batch, Seed, Step);

    private static int Below(uint word, int count) => (int)((ulong)word * (ulong)count >> 32);
}

/// <summary>An optimizer's step with weight decay for the first half of the parameters, and gradients that a bound on their norm scales.</summary>
internal abstract class DecayCase : KernelCase
{
    /// <summary>The learning rate.</summary>
    protected const float Rate = 1e-3f;

    /// <summary>λ, so large that a wrong one shows in the comparison.</summary>
    protected const float Decay = 10f;

    /// <summary>Creates the operands that both optimizers have.</summary>
    protected DecayCase(string op, int count) : base(op, $"{count}", 1)
    {
        Parameters = Update("parameters", count, Numbers.Uniform);
        Gradients = Read("gradients", count);
        Ranges = Read<int>("decayRanges", 2, values => values[1] = count / 2);
        Scale = Read<float>("gradientScale", 1, values => values[0] = 0.5f);
    }

    /// <summary>[count].</summary>
    public Operand<float> Parameters { get; }

    /// <summary>[count].</summary>
    public Operand<float> Gradients { get; }

    /// <summary>[2]: where decay begins and ends.</summary>
    protected Operand<int> Ranges { get; }

    /// <summary>[1]: what gradients are multiplied by.</summary>
    protected Operand<float> Scale { get; }

    /// <summary>λ where an element decays.</summary>
    protected float DecayOf(int i) => i < Parameters.Length / 2 ? Decay : 0f;
}

/// <summary>A step of AdamW over all parameters of a model.</summary>
internal sealed class AdamWCase : DecayCase
{
    private const float Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-7f;

    /// <summary>Creates the case.</summary>
    public AdamWCase(int count) : base("AdamW", count)
    {
        FirstMoments = Update("firstMoments", count, Numbers.Uniform);
        SecondMoments = Update("secondMoments", count, Numbers.Activations);
    }

    /// <summary>[count].</summary>
    public Operand<float> FirstMoments { get; }

    /// <summary>[count].</summary>
    public Operand<float> SecondMoments { get; }

    /// <summary>Adam's 13, the scaling, the decay.</summary>
    public override double Flops => 15.0 * Parameters.Length;

    /// <summary>The first step's, whose corrections are 1 - β.</summary>
    public override void Naive()
    {
        for (int i = 0; i < Parameters.Length; i++)
        {
            float g = Scale.Host[0] * Gradients.Host[i];
            float m = FirstMoments.Host[i] = (Beta1 * FirstMoments.Host[i]) + ((1 - Beta1) * g);
            float v = SecondMoments.Host[i] = (Beta2 * SecondMoments.Host[i]) + ((1 - Beta2) * g * g);
            Parameters.Host[i] = ((1 - (Rate * DecayOf(i))) * Parameters.Host[i]) - (Rate * (m / (1 - Beta1)) / (MathF.Sqrt(v / (1 - Beta2)) + Epsilon));
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => Kernels.Adam.Run(on, Parameters.View, Gradients.View, FirstMoments.View, SecondMoments.View, Parameters.Length, 1, Rate,
        weightDecay: Decay, decayRanges: Ranges.View, gradientScale: Scale.View);
}

/// <summary>A step of descent with momentum and weight decay over all parameters of a model.</summary>
internal sealed class SgdDecayCase : DecayCase
{
    private const float Momentum = 0.9f;

    /// <summary>Creates the case.</summary>
    public SgdDecayCase(int count) : base("SgdDecay", count) => Velocities = Update("velocities", count, Numbers.Uniform);

    /// <summary>[count].</summary>
    public Operand<float> Velocities { get; }

    /// <summary>Descent's 4, the scaling, the decay.</summary>
    public override double Flops => 7.0 * Parameters.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int i = 0; i < Parameters.Length; i++)
        {
            Velocities.Host[i] = (Momentum * Velocities.Host[i]) + (Scale.Host[0] * Gradients.Host[i]) + (DecayOf(i) * Parameters.Host[i]);
            Parameters.Host[i] -= Rate * Velocities.Host[i];
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => SgdMomentum.Run(on, Parameters.View, Gradients.View, Velocities.View, Parameters.Length, Rate, Momentum,
        weightDecay: Decay, decayRanges: Ranges.View, gradientScale: Scale.View);
}

/// <summary>The norm of all gradients, and by how much a bound scales them.</summary>
internal sealed class GradientClipCase : KernelCase
{
    private const double Bound = 1;
    private DeviceBuffer<float>? partials;

    /// <summary>Creates the case.</summary>
    public GradientClipCase(int count) : base("GradientClip", $"{count}", 1)
    {
        // A norm of about 2, so that norm and factor are of one size, and a mistake in either shows.
        Gradients = Read<float>("gradients", count, values =>
        {
            Numbers.Uniform(values);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] *= 2 / MathF.Sqrt(count / 3f);
            }
        });
        Norm = Write<float>("norm", 2);
    }

    /// <summary>[count].</summary>
    public Operand<float> Gradients { get; }

    /// <summary>[2]: the norm, the factor.</summary>
    public Operand<float> Norm { get; }

    /// <inheritdoc/>
    public override double Flops => 2.0 * Gradients.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        double squares = 0;
        foreach (float gradient in Gradients.Host)
        {
            squares += (double)gradient * gradient;
        }
        (Norm.Host[0], Norm.Host[1]) = ((float)Math.Sqrt(squares), (float)Math.Min(1, Bound / (Math.Sqrt(squares) + 1e-6)));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        partials?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override void Launch(Device on)
    {
        ArrayView<float> sums = (partials ??= on.Allocate<float>(NormChunks.Count(Gradients.Length))).View;
        SumOfSquares.Run(on, Gradients.View, sums, Gradients.Length);
        ClipScale.Run(on, sums, Norm.View, Gradients.Length, Bound);
    }
}

/// <summary>A step of the exponential average of all parameters.</summary>
internal sealed class MovingAverageCase : KernelCase
{
    private const double Decay = 0.99;

    /// <summary>Creates the case.</summary>
    public MovingAverageCase(int count) : base(nameof(MovingAverage), $"{count}", 1)
    {
        Averages = Update("averages", count, Numbers.Uniform);
        Values = Read<float>("values", count, Numbers.Activations);
    }

    /// <summary>[count].</summary>
    public Operand<float> Averages { get; }

    /// <summary>[count].</summary>
    public Operand<float> Values { get; }

    /// <inheritdoc/>
    public override double Flops => 3.0 * Values.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int i = 0; i < Values.Length; i++)
        {
            Averages.Host[i] += (float)(1 - Decay) * (Values.Host[i] - Averages.Host[i]);
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => MovingAverage.Run(on, Averages.View, Values.View, Values.Length, Decay);
}
