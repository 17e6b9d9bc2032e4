using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradient of <see cref="BatchNormForward"/>'s input, through the statistics of the batch too.</summary>
/// <remarks>gradInput = weight / √(variance + ε) x (gradOutput - gradBias / rows - normalized input x gradWeight / rows), overwritten; it may be the memory of gradOutput. With ReLU,
/// gradients count where the output was positive, which the input tells.</remarks>
internal readonly struct BatchNormInputGradient : IOp, IElementWise
{
    private readonly ArrayView<float> input, gradOutput, parameters, gradParameters, moments, gradInput;
    private readonly int rows, channels, relu, vector;
    private readonly float epsilon;

    private BatchNormInputGradient(ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> parameters, ArrayView<float> gradParameters, ArrayView<float> moments,
        ArrayView<float> gradInput, int rows, int channels, float epsilon, bool relu)
    {
        this.input = input;
        this.gradOutput = gradOutput;
        this.parameters = parameters;
        this.gradParameters = gradParameters;
        this.moments = moments;
        this.gradInput = gradInput;
        this.rows = rows;
        this.channels = channels;
        this.epsilon = epsilon;
        this.relu = relu ? 1 : 0;
        vector = Float4.Fits(input, channels) & Float4.Fits(gradOutput, channels) & Float4.Fits(gradInput, channels)
            & Float4.Fits(parameters, channels) & Float4.Fits(gradParameters, channels) & Float4.Fits(moments, channels);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[rows, channels].</param>
    /// <param name="gradOutput">[rows, channels].</param>
    /// <param name="parameters">[2, channels].</param>
    /// <param name="gradParameters">[2, channels], the gradients of weight and bias over all rows.</param>
    /// <param name="moments">[2, channels], the batch's.</param>
    /// <param name="gradInput">[rows, channels].</param>
    /// <param name="rows">Pixels of all images of the batch.</param>
    /// <param name="channels">C.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <param name="relu">Whether the forward operation set negative values to zero.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, or ε is not positive.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> parameters, ArrayView<float> gradParameters, ArrayView<float> moments,
        ArrayView<float> gradInput, int rows, int channels, double epsilon, bool relu = false)
    {
        Require.Positive(rows);
        Require.Positive(channels);
        BatchNormValue.RequireEpsilon(epsilon);
        Require.Length(input, (long)rows * channels);
        Require.Length(gradOutput, (long)rows * channels);
        Require.Length(parameters, 2L * channels);
        Require.Length(gradParameters, 2L * channels);
        Require.Length(moments, 2L * channels);
        Require.Length(gradInput, (long)rows * channels);
        device.Run(new BatchNormInputGradient(input, gradOutput, parameters, gradParameters, moments, gradInput, rows, channels, (float)epsilon, relu));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(rows * channels, vector);

    void IOp.Gpu() => ElementWise.Run(this, rows * channels, vector);

    void IElementWise.One(long i)
    {
        int channel = (int)i % channels;
        float inverse = BatchNormValue.Inverse(moments[channels + channel], epsilon), scale = parameters[channel] * inverse, mean = moments[channel], x = input[i], gradient = gradOutput[i];
        if (relu != 0)
        {
            gradient = BatchNormValue.Open(BatchNormValue.Of(x, mean, scale, parameters[channels + channel]), gradient);
        }
        gradInput[i] = scale * (gradient - (gradParameters[channels + channel] / rows) - ((x - mean) * (inverse * gradParameters[channel] / rows)));
    }

    /// <remarks>Channels are a multiple of 4, so that all four are of one row.</remarks>
    void IElementWise.Four(long i)
    {
        int channel = (int)i % channels;
        Float4 inverse = BatchNormValue.Inverse(Float4.Load(moments, channels + channel), epsilon), scale = Float4.Load(parameters, channel) * inverse;
        Float4 mean = Float4.Load(moments, channel), x = Float4.Load(input, i), gradient = Float4.Load(gradOutput, i);
        if (relu != 0)
        {
            gradient = BatchNormValue.Open(BatchNormValue.Of(x, mean, scale, Float4.Load(parameters, channels + channel)), gradient);
        }
        Float4 share = Float4.Load(gradParameters, channels + channel) / rows, slope = inverse * Float4.Load(gradParameters, channel) / rows;
        (scale * (gradient - share - ((x - mean) * slope))).Store(gradInput, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* mean = CpuWorker.Pointer(moments), bias = CpuWorker.Pointer(parameters) + channels, scale = worker.Scratch(3 * (nint)channels), share = scale + channels, slope = share + channels;
        for (int channel = 0; channel < channels; channel++)
        {
            float inverse = BatchNormValue.Inverse(moments[channels + channel], epsilon);
            scale[channel] = parameters[channel] * inverse;
            share[channel] = gradParameters[channels + channel] / rows;
            slope[channel] = inverse * gradParameters[channel] / rows;
        }
        (int from, int to) = worker.Share(rows);
        nint start = (nint)from * channels;
        float* x = CpuWorker.Pointer(input) + start, dy = CpuWorker.Pointer(gradOutput) + start, dx = CpuWorker.Pointer(gradInput) + start;
        int last = channels - CpuWorker.Line;
        for (int row = from; row < to; row++, x += channels, dy += channels, dx += channels)
        {
            int channel = 0;
            if (last >= 0)
            {
                // As in the forward operation.
                Vector512<float> end = Line(x, dy, mean, bias, scale, share, slope, last);
                for (; channel < last; channel += CpuWorker.Line)
                {
                    Line(x, dy, mean, bias, scale, share, slope, channel).Store(dx + channel);
                }
                end.Store(dx + last);
                continue;
            }
            for (; channel < channels; channel++)
            {
                float gradient = relu != 0 ? BatchNormValue.Open(BatchNormValue.Of(x[channel], mean[channel], scale[channel], bias[channel]), dy[channel]) : dy[channel];
                dx[channel] = scale[channel] * (gradient - share[channel] - ((x[channel] - mean[channel]) * slope[channel]));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe Vector512<float> Line(float* x, float* dy, float* mean, float* bias, float* scale, float* share, float* slope, int channel)
    {
        Vector512<float> value = Vector512.Load(x + channel), middle = Vector512.Load(mean + channel), factor = Vector512.Load(scale + channel), gradient = Vector512.Load(dy + channel);
        gradient = relu != 0 ? BatchNormValue.Open(BatchNormValue.Of(value, middle, factor, Vector512.Load(bias + channel)), gradient) : gradient;
        return factor * (gradient - Vector512.Load(share + channel) - ((value - middle) * Vector512.Load(slope + channel)));
    }
}
