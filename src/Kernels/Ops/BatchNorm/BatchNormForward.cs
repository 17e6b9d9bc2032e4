using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Batch normalization: output = (input - mean) / √(variance + ε) x weight + bias, each channel with its own; then perhaps ReLU.</summary>
/// <remarks>Ioffe and Szegedy, "Batch normalization", 2015. input and output [rows, C], parameters [2, C]: weight, bias; moments [2, C]: mean, variance, those of the batch in
/// training, the running ones else.</remarks>
internal readonly struct BatchNormForward : IOp, IElementWise
{
    private readonly ArrayView<float> input, parameters, moments, output;
    private readonly int rows, channels, relu, vector;
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
        vector = Float4.Fits(input, channels) & Float4.Fits(output, channels) & Float4.Fits(parameters, channels) & Float4.Fits(moments, channels);
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
        BatchNormValue.RequireEpsilon(epsilon);
        Require.Length(input, (long)rows * channels);
        Require.Length(parameters, 2L * channels);
        Require.Length(moments, 2L * channels);
        Require.Length(output, (long)rows * channels);
        device.Run(new BatchNormForward(input, parameters, moments, output, rows, channels, (float)epsilon, relu));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(rows * channels, vector);

    void IOp.Gpu() => ElementWise.Run(this, rows * channels, vector);

    void IElementWise.One(long i)
    {
        int channel = (int)i % channels;
        float scale = parameters[channel] * BatchNormValue.Inverse(moments[channels + channel], epsilon);
        output[i] = Activate(BatchNormValue.Of(input[i], moments[channel], scale, parameters[channels + channel]));
    }

    /// <remarks>Channels are a multiple of 4, so that all four are of one row.</remarks>
    void IElementWise.Four(long i)
    {
        int channel = (int)i % channels;
        Float4 scale = Float4.Load(parameters, channel) * BatchNormValue.Inverse(Float4.Load(moments, channels + channel), epsilon);
        Float4 y = BatchNormValue.Of(Float4.Load(input, i), Float4.Load(moments, channel), scale, Float4.Load(parameters, channels + channel));
        new Float4(Activate(y.X), Activate(y.Y), Activate(y.Z), Activate(y.W)).Store(output, i);
    }

    /// <remarks>One comparison a choice, as in <see cref="SumRows"/>.</remarks>
    private float Activate(float y)
    {
        float closed = relu != 0 ? 0f : y;
        return y <= 0f ? closed : y;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* mean = CpuWorker.Pointer(moments), bias = CpuWorker.Pointer(parameters) + channels, scale = worker.Scratch(channels);
        for (int channel = 0; channel < channels; channel++)
        {
            scale[channel] = parameters[channel] * BatchNormValue.Inverse(moments[channels + channel], epsilon);
        }
        (int from, int to) = worker.Share(rows);
        float* x = CpuWorker.Pointer(input) + ((nint)from * channels), y = CpuWorker.Pointer(output) + ((nint)from * channels);
        int last = channels - CpuWorker.Line;
        for (int row = from; row < to; row++, x += channels, y += channels)
        {
            int channel = 0;
            if (last >= 0)
            {
                // The last sixteen, which some of those before them may overlap: loaded first, in case input and output are the same memory.
                Vector512<float> end = Line(x + last, mean + last, scale + last, bias + last);
                for (; channel < last; channel += CpuWorker.Line)
                {
                    Line(x + channel, mean + channel, scale + channel, bias + channel).Store(y + channel);
                }
                end.Store(y + last);
                continue;
            }
            for (; channel < channels; channel++)
            {
                y[channel] = Activate(BatchNormValue.Of(x[channel], mean[channel], scale[channel], bias[channel]));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe Vector512<float> Line(float* x, float* mean, float* scale, float* bias)
    {
        Vector512<float> value = BatchNormValue.Of(Vector512.Load(x), Vector512.Load(mean), Vector512.Load(scale), Vector512.Load(bias));
        return relu != 0 ? Elements.Relu(value) : value;
    }
}
