using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradient of <see cref="BatchNormForward"/>'s input, through the statistics of the batch too.</summary>
/// <remarks>gradInput = weight / √(variance + ε) x (gradOutput - gradBias / rows - normalized input x gradWeight / rows), overwritten; it may be the memory of gradOutput. With ReLU,
/// gradients count where the output is positive.</remarks>
public readonly struct BatchNormInputGradient : IOp
{
    private readonly ArrayView<float> input, output, gradOutput, parameters, gradParameters, moments, gradInput;
    private readonly int rows, channels, relu;
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

    KernelConfig IOp.GpuShape => ElementWise.Shape(rows * channels);

    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i < rows * channels)
        {
            int channel = i % channels;
            float inverse = BatchNormChunks.Inverse(moments[channels + channel], epsilon);
            float gradient = relu != 0 && output[i] <= 0f ? 0f : gradOutput[i];
            float slope = inverse * gradParameters[channel] / rows;
            gradInput[i] = parameters[channel] * inverse * (gradient - (gradParameters[channels + channel] / rows) - ((input[i] - moments[channel]) * slope));
        }
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
        for (int row = from; row < to; row++, x += channels, dy += channels, dx += channels, y += channels)
        {
            int channel = 0;
            for (; channel + CpuWorker.Line <= channels; channel += CpuWorker.Line)
            {
                Vector512<float> gradient = Vector512.Load(dy + channel);
                gradient = relu != 0 ? BatchNormWeightGradient.Open(y + channel, gradient) : gradient;
                Vector512<float> rest = (Vector512.Load(x + channel) - Vector512.Load(mean + channel)) * Vector512.Load(slope + channel);
                (Vector512.Load(scale + channel) * (gradient - Vector512.Load(share + channel) - rest)).Store(dx + channel);
            }
            for (; channel < channels; channel++)
            {
                float gradient = relu != 0 && y[channel] <= 0f ? 0f : dy[channel];
                dx[channel] = scale[channel] * (gradient - share[channel] - ((x[channel] - mean[channel]) * slope[channel]));
            }
        }
    }
}
