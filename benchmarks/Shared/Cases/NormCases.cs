using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn.Benchmarks;

/// <summary>Sizes and operands that both passes of a batch normalization have.</summary>
internal abstract class NormCase : KernelCase
{
    /// <summary>ε of both, as a layer has it.</summary>
    public const double Epsilon = 1e-5;

    private DeviceBuffer<float>? partials;

    /// <summary>Creates the operands that both have.</summary>
    protected NormCase(string op, int channels, int height, int width, bool relu, int batch) : base(op, $"{channels}x{height}x{width}{(relu ? " ReLU" : "")}", batch)
    {
        (Channels, Height, Width, HasRelu) = (channels, height, width, relu);
        Input = Read<float>("input", Rows * channels, Eighths);
        Parameters = Read("parameters", 2 * channels);
    }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>H.</summary>
    public int Height { get; }

    /// <summary>W.</summary>
    public int Width { get; }

    /// <summary>Whether ReLU is in it.</summary>
    public bool HasRelu { get; }

    /// <summary>Pixels of all images.</summary>
    public int Rows => Batch * Height * Width;

    /// <summary>[rows, C].</summary>
    public Operand<float> Input { get; }

    /// <summary>[2, C]: weight, bias.</summary>
    public Operand<float> Parameters { get; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        partials?.Dispose();
        base.Dispose();
    }

    /// <summary>Memory for the sums of each chunk of rows.</summary>
    protected ArrayView<float> Partials(Device on) => (partials ??= on.Allocate<float>(2L * BatchNormChunks.Count(Rows) * Channels)).View;

    /// <summary>Mean and variance of a channel, in double.</summary>
    protected (double Mean, double Variance) MomentsOf(int channel)
    {
        double sum = 0, squares = 0;
        for (int i = channel; i < Input.Length; i += Channels)
        {
            sum += Input.Host[i];
        }
        double mean = sum / Rows;
        for (int i = channel; i < Input.Length; i += Channels)
        {
            squares += (Input.Host[i] - mean) * (Input.Host[i] - mean);
        }
        return (mean, squares / Rows);
    }

    /// <summary>Numbers of few levels: none becomes so nearly zero that rounding decides what ReLU does with it.</summary>
    private static void Eighths(float[] values)
    {
        Numbers.Uniform(values);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Round(8 * values[i]) / 8;
        }
    }
}

/// <summary>Batch normalization of a training step: statistics, moments, the output, perhaps ReLU.</summary>
internal sealed class BatchNormCase : NormCase
{
    private const double Momentum = 0.1;

    /// <summary>Creates the case.</summary>
    public BatchNormCase(int channels, int height, int width, bool relu, int batch) : base("BatchNorm", channels, height, width, relu, batch)
    {
        Running = Update("running", 2 * channels, Numbers.Activations);
        Moments = Write<float>("moments", 2 * channels);
        Output = Write<float>("output", Rows * channels);
    }

    /// <summary>[2, C]: running mean and variance.</summary>
    public Operand<float> Running { get; }

    /// <summary>[2, C]: the batch's mean and variance.</summary>
    public Operand<float> Moments { get; }

    /// <summary>[rows, C].</summary>
    public Operand<float> Output { get; }

    /// <summary>A sum, a difference and its square added, a difference, a multiply-add.</summary>
    public override double Flops => 7.0 * Input.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int c = 0; c < Channels; c++)
        {
            (double mean, double variance) = MomentsOf(c);
            (Moments.Host[c], Moments.Host[Channels + c]) = ((float)mean, (float)variance);
            Running.Host[c] += (float)(Momentum * (mean - Running.Host[c]));
            Running.Host[Channels + c] += (float)(Momentum * ((variance * Rows / Math.Max(1, Rows - 1)) - Running.Host[Channels + c]));
            for (int i = c; i < Input.Length; i += Channels)
            {
                double y = ((Input.Host[i] - mean) / Math.Sqrt(variance + Epsilon) * Parameters.Host[c]) + Parameters.Host[Channels + c];
                Output.Host[i] = HasRelu && y < 0 ? 0f : (float)y;
            }
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on)
    {
        BatchNormStatistics.Run(on, Input.View, Partials(on), Rows, Channels);
        BatchNormMoments.Run(on, Partials(on), Moments.View, Running.View, Rows, Channels, Momentum);
        BatchNormForward.Run(on, Input.View, Parameters.View, Moments.View, Output.View, Rows, Channels, Epsilon, HasRelu);
    }
}

/// <summary>Gradients of a batch normalization: of weight and bias, then of the input.</summary>
/// <remarks>The moments are numbers of their own, not those of the input: nothing that is computed hangs on that.</remarks>
internal sealed class BatchNormGradientCase : NormCase
{
    /// <summary>Creates the case.</summary>
    public BatchNormGradientCase(int channels, int height, int width, bool relu, int batch) : base("BatchNormGradient", channels, height, width, relu, batch)
    {
        Moments = Read<float>("moments", 2 * channels, Numbers.Activations);
        GradOutput = Read("gradOutput", Rows * channels);
        GradParameters = Write<float>("gradParameters", 2 * channels);
        GradInput = Write<float>("gradInput", Rows * channels);
    }

    /// <summary>[2, C]: mean and variance.</summary>
    public Operand<float> Moments { get; }

    /// <summary>[rows, C].</summary>
    public Operand<float> GradOutput { get; }

    /// <summary>[2, C].</summary>
    public Operand<float> GradParameters { get; }

    /// <summary>[rows, C].</summary>
    public Operand<float> GradInput { get; }

    /// <summary>A difference, a multiply-add and a sum for the parameters; two differences, a multiply-add and a product for the input.</summary>
    public override double Flops => 9.0 * Input.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int c = 0; c < Channels; c++)
        {
            float mean = Moments.Host[c], inverse = 1f / MathF.Sqrt(Moments.Host[Channels + c] + (float)Epsilon), scale = Parameters.Host[c] * inverse;
            double products = 0, sum = 0;
            for (int i = c; i < Input.Length; i += Channels)
            {
                products += Open(i, mean, scale, c) * (double)(Input.Host[i] - mean) * inverse;
                sum += Open(i, mean, scale, c);
            }
            (GradParameters.Host[c], GradParameters.Host[Channels + c]) = ((float)products, (float)sum);
            for (int i = c; i < Input.Length; i += Channels)
            {
                GradInput.Host[i] = (float)(scale * (Open(i, mean, scale, c) - (sum / Rows) - ((Input.Host[i] - mean) * inverse * products / Rows)));
            }
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on)
    {
        BatchNormWeightGradient.Run(on, Input.View, GradOutput.View, Parameters.View, Moments.View, Partials(on), Rows, Channels, Epsilon, HasRelu);
        SumRows.Run(on, Partials(on), GradParameters.View, BatchNormChunks.Count(Rows), 2 * Channels);
        BatchNormInputGradient.Run(on, Input.View, GradOutput.View, Parameters.View, GradParameters.View, Moments.View, GradInput.View, Rows, Channels, Epsilon, HasRelu);
    }

    private float Open(int i, float mean, float scale, int c) =>
        HasRelu && MathF.FusedMultiplyAdd(Input.Host[i] - mean, scale, Parameters.Host[Channels + c]) <= 0f ? 0f : GradOutput.Host[i];
}
