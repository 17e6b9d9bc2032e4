using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradient of <see cref="BatchNormForward"/>'s input, through the statistics of the batch too.</summary>
/// <remarks>gradInput = weight / √(variance + ε) x (gradOutput - gradBias / rows - normalized input x gradWeight / rows), overwritten; it may be the memory of gradOutput. With ReLU,
/// gradients count where the output is positive.</remarks>
public readonly struct BatchNormInputGradient : IOp, IElementWise
{
    private readonly ArrayView<float> input, output, gradOutput, parameters, gradParameters, moments, gradInput;
    private readonly int rows, channels, relu, vector;
    private readonly float epsilon;

    private BatchNormInputGradient(ArrayView<float> input, ArrayView<float> output, ArrayView<float> gradOutput, ArrayView<float> parameters, ArrayView<float> gradParameters,
        ArrayView<float> moments, ArrayView<float> gradInput, int rows, int channels, float epsilon)
    {
        this.input = input;
        this.output = output;
        this.gradOutput = gradOutput;
        this.parameters = parameters;
        this.gradParameters = gradParameters;
        this.moments = moments;
        this.gradInput = gradInput;
        this.rows = rows;
        this.channels = channels;
        this.epsilon = epsilon;
        relu = output.Length > 0 ? 1 : 0;
        vector = Float4.Fits(input, channels) & Float4.Fits(gradOutput, channels) & Float4.Fits(gradInput, channels) & (relu != 0 ? Float4.Fits(output, channels) : 1);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[rows, channels].</param>
    /// <param name="output">[rows, channels], as the forward operation left it with ReLU; empty without ReLU.</param>
    /// <param name="gradOutput">[rows, channels].</param>
    /// <param name="parameters">[2, channels].</param>
    /// <param name="gradParameters">[2, channels], the gradients of weight and bias over all rows.</param>
    /// <param name="moments">[2, channels], the batch's.</param>
    /// <param name="gradInput">[rows, channels].</param>
    /// <param name="rows">Pixels of all images of the batch.</param>
    /// <param name="channels">C.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, or ε is not positive.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> output, ArrayView<float> gradOutput, ArrayView<float> parameters, ArrayView<float> gradParameters,
        ArrayView<float> moments, ArrayView<float> gradInput, int rows, int channels, double epsilon)
    {
        Require.Positive(rows);
        Require.Positive(channels);
        BatchNormChunks.RequireEpsilon(epsilon);
        Require.Length(input, (long)rows * channels);
        Require.Length(output, output.Length > 0 ? (long)rows * channels : 0);
        Require.Length(gradOutput, (long)rows * channels);
        Require.Length(parameters, 2L * channels);
        Require.Length(gradParameters, 2L * channels);
        Require.Length(moments, 2L * channels);
        Require.Length(gradInput, (long)rows * channels);
        device.Run(new BatchNormInputGradient(input, output, gradOutput, parameters, gradParameters, moments, gradInput, rows, channels, (float)epsilon));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(rows * channels, vector);

    void IOp.Gpu() => ElementWise.Run(this, rows * channels, vector);

    void IElementWise.One(long i)
    {
        float y = relu != 0 ? output[i] : 1f;
        gradInput[i] = Of(input[i], y, gradOutput[i], (int)i % channels);
    }

    /// <remarks>Channels are a multiple of 4, so that all four are of one row.</remarks>
    void IElementWise.Four(long i)
    {
        Float4 x = Float4.Load(input, i), dy = Float4.Load(gradOutput, i), y = new(1f, 1f, 1f, 1f);
        if (relu != 0)
        {
            y = Float4.Load(output, i);
        }
        int channel = (int)i % channels;
        new Float4(Of(x.X, y.X, dy.X, channel), Of(x.Y, y.Y, dy.Y, channel + 1), Of(x.Z, y.Z, dy.Z, channel + 2), Of(x.W, y.W, dy.W, channel + 3)).Store(gradInput, i);
    }

    private float Of(float x, float y, float dy, int channel)
    {
        float inverse = BatchNormChunks.Inverse(moments[channels + channel], epsilon);
        float gradient = y <= 0f ? 0f : dy;
        float slope = inverse * gradParameters[channel] / rows;
        return parameters[channel] * inverse * (gradient - (gradParameters[channels + channel] / rows) - ((x - moments[channel]) * slope));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* mean = CpuWorker.Pointer(moments), scale = worker.Scratch(3 * (nint)channels), share = scale + channels, slope = share + channels;
        for (int channel = 0; channel < channels; channel++)
        {
            float inverse = BatchNormChunks.Inverse(moments[channels + channel], epsilon);
            scale[channel] = parameters[channel] * inverse;
            share[channel] = gradParameters[channels + channel] / rows;
            slope[channel] = inverse * gradParameters[channel] / rows;
        }
        (int from, int to) = worker.Share(rows);
        nint start = (nint)from * channels;
        float* x = CpuWorker.Pointer(input) + start, dy = CpuWorker.Pointer(gradOutput) + start, dx = CpuWorker.Pointer(gradInput) + start;
        float* y = relu != 0 ? CpuWorker.Pointer(output) + start : dy;
        int last = channels - CpuWorker.Line;
        for (int row = from; row < to; row++, x += channels, dy += channels, dx += channels, y += channels)
        {
            int channel = 0;
            if (last >= 0)
            {
                // As in the forward operation.
                Vector512<float> end = Line(x, y, dy, mean, scale, share, slope, last);
                for (; channel < last; channel += CpuWorker.Line)
                {
                    Line(x, y, dy, mean, scale, share, slope, channel).Store(dx + channel);
                }
                end.Store(dx + last);
                continue;
            }
            for (; channel < channels; channel++)
            {
                float gradient = relu != 0 && y[channel] <= 0f ? 0f : dy[channel];
                dx[channel] = scale[channel] * (gradient - share[channel] - ((x[channel] - mean[channel]) * slope[channel]));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe Vector512<float> Line(float* x, float* y, float* dy, float* mean, float* scale, float* share, float* slope, int channel)
    {
        Vector512<float> gradient = Vector512.Load(dy + channel);
        gradient = relu != 0 ? BatchNormWeightGradient.Open(y + channel, gradient) : gradient;
        Vector512<float> rest = (Vector512.Load(x + channel) - Vector512.Load(mean + channel)) * Vector512.Load(slope + channel);
        return Vector512.Load(scale + channel) * (gradient - Vector512.Load(share + channel) - rest);
    }
}
