using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Batch normalization: output = (input - mean) / √(variance + ε) x weight + bias, each channel with its own; then perhaps ReLU.</summary>
/// <remarks>Ioffe and Szegedy, "Batch normalization", 2015. input and output [rows, C], parameters [2, C]: weight, bias; moments [2, C]: mean, variance, those of the batch in
/// training, the running ones else.</remarks>
public readonly struct BatchNormForward : IOp
{
    private readonly ArrayView<float> input, parameters, moments, output;
    private readonly int rows, channels, relu;
    private readonly float epsilon;

    private BatchNormForward(ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> moments, ArrayView<float> output, int rows, int channels, float epsilon, bool relu)
    {
        this.input = input;
        this.parameters = parameters;
        this.moments = moments;
        this.output = output;
        this.rows = rows;
        this.channels = channels;
        this.epsilon = epsilon;
        this.relu = relu ? 1 : 0;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[rows, channels].</param>
    /// <param name="parameters">[2, channels].</param>
    /// <param name="moments">[2, channels].</param>
    /// <param name="output">[rows, channels].</param>
    /// <param name="rows">Pixels of all images of the batch.</param>
    /// <param name="channels">C.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <param name="relu">Whether negative values become zero.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, or ε is not positive.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> moments, ArrayView<float> output, int rows, int channels,
        double epsilon, bool relu = false)
    {
        Require.Positive(rows);
        Require.Positive(channels);
        BatchNormChunks.RequireEpsilon(epsilon);
        Require.Length(input, (long)rows * channels);
        Require.Length(parameters, 2L * channels);
        Require.Length(moments, 2L * channels);
        Require.Length(output, (long)rows * channels);
        device.Run(new BatchNormForward(input, parameters, moments, output, rows, channels, (float)epsilon, relu));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(rows * channels);

    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i < rows * channels)
        {
            int channel = i % channels;
            float scale = parameters[channel] * BatchNormChunks.Inverse(moments[channels + channel], epsilon);
            float y = ((input[i] - moments[channel]) * scale) + parameters[channels + channel];
            output[i] = relu != 0 && y <= 0f ? 0f : y;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* mean = CpuWorker.Pointer(moments), bias = CpuWorker.Pointer(parameters) + channels, scale = worker.Scratch(channels);
        for (int channel = 0; channel < channels; channel++)
        {
            scale[channel] = parameters[channel] * BatchNormChunks.Inverse(moments[channels + channel], epsilon);
        }
        (int from, int to) = worker.Share(rows);
        float* x = CpuWorker.Pointer(input) + ((nint)from * channels), y = CpuWorker.Pointer(output) + ((nint)from * channels);
        for (int row = from; row < to; row++, x += channels, y += channels)
        {
            int channel = 0;
            for (; channel + CpuWorker.Line <= channels; channel += CpuWorker.Line)
            {
                Vector512<float> value = Vector512.FusedMultiplyAdd(Vector512.Load(x + channel) - Vector512.Load(mean + channel), Vector512.Load(scale + channel), Vector512.Load(bias + channel));
                (relu != 0 ? Elements.Relu(value) : value).Store(y + channel);
            }
            for (; channel < channels; channel++)
            {
                float value = ((x[channel] - mean[channel]) * scale[channel]) + bias[channel];
                y[channel] = relu != 0 && value <= 0f ? 0f : value;
            }
        }
    }
}
