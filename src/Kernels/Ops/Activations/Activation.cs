using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>What an operation's gradient needs of the output.</summary>
internal enum OutputUse
{
    /// <summary>Nothing; that of an activation is found from the input.</summary>
    None,

    /// <summary>Whether it is positive.</summary>
    Sign,

    /// <summary>Its values.</summary>
    Values,
}

/// <summary>The derivative of an activation, for one element and for a vector of them. Implementations hold no references.</summary>
internal interface IActivationGradient
{
    /// <summary>What <see cref="Gradient(float, float)"/> needs of the activation's output. Where that is not nothing, the activation can run in place.</summary>
    static abstract OutputUse Reads { get; }

    /// <summary>The gradient of the input.</summary>
    /// <param name="known">The activation's input or output, see <see cref="Reads"/>.</param>
    /// <param name="gradOutput">The gradient of the output.</param>
    float Gradient(float known, float gradOutput);

    /// <inheritdoc cref="Gradient(float, float)"/>
    Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput);
}

/// <summary>An activation: a function of one element, with its derivative. <see cref="Activation"/> runs it on all accelerators.</summary>
internal interface IActivation : IActivationGradient
{
    /// <summary>The function.</summary>
    float Of(float x);

    /// <inheritdoc cref="Of(float)"/>
    Vector512<float> Of(Vector512<float> x);
}

/// <summary>Runs activations and their gradients.</summary>
internal static class Activation
{
    /// <summary>output = function(input). Both may be the same memory.</summary>
    /// <exception cref="ArgumentException">An operand is shorter than <paramref name="count"/>.</exception>
    public static void Run<TFunction>(Device device, TFunction function, ArrayView<float> input, ArrayView<float> output, int count)
        where TFunction : unmanaged, IActivation
    {
        Require.Positive(count);
        Require.Length(input, count);
        Require.Length(output, count);
        device.Run(new Activation<TFunction>(function, input, output, count));
    }

    /// <summary>gradInput = function'(input) x gradOutput. Both gradients may be the same memory.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="function">The activation.</param>
    /// <param name="known">[count], its input or its output, see <see cref="IActivationGradient.Reads"/>.</param>
    /// <param name="gradOutput">[count].</param>
    /// <param name="gradInput">[count].</param>
    /// <param name="count">The number of elements.</param>
    /// <exception cref="ArgumentException">An operand is shorter than <paramref name="count"/>.</exception>
    public static void RunGradient<TFunction>(
        Device device, TFunction function, ArrayView<float> known, ArrayView<float> gradOutput, ArrayView<float> gradInput, int count)
        where TFunction : unmanaged, IActivationGradient
    {
        Require.Positive(count);
        Require.Length(known, count);
        Require.Length(gradOutput, count);
        Require.Length(gradInput, count);
        device.Run(new ActivationGradient<TFunction>(function, known, gradOutput, gradInput, count));
    }
}

/// <summary>An activation on a tensor.</summary>
internal readonly struct Activation<TFunction> : IOp, IElementWise where TFunction : unmanaged, IActivation
{
    private readonly ArrayView<float> input, output;
    private readonly int count, vector;
    private readonly TFunction function;

    internal Activation(TFunction function, ArrayView<float> input, ArrayView<float> output, int count)
    {
        this.function = function;
        this.input = input;
        this.output = output;
        this.count = count;
        vector = Float4.Fits(input) & Float4.Fits(output);
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i) => output[i] = function.Of(input[i]);

    void IElementWise.Four(long i)
    {
        Float4 x = Float4.Load(input, i);
        new Float4(function.Of(x.X), function.Of(x.Y), function.Of(x.Z), function.Of(x.W)).Store(output, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* x = CpuWorker.Pointer(input), y = CpuWorker.Pointer(output);
        TFunction f = function;
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            f.Of(Vector512.Load(x + i)).Store(y + i);
        }
        for (; i < to; i++)
        {
            y[i] = f.Of(x[i]);
        }
    }
}

/// <summary>An activation's gradient on a tensor.</summary>
internal readonly struct ActivationGradient<TFunction> : IOp, IElementWise where TFunction : unmanaged, IActivationGradient
{
    private readonly ArrayView<float> known, gradOutput, gradInput;
    private readonly int count, vector;
    private readonly TFunction function;

    internal ActivationGradient(TFunction function, ArrayView<float> known, ArrayView<float> gradOutput, ArrayView<float> gradInput, int count)
    {
        this.function = function;
        this.known = known;
        this.gradOutput = gradOutput;
        this.gradInput = gradInput;
        this.count = count;
        vector = Float4.Fits(known) & Float4.Fits(gradOutput) & Float4.Fits(gradInput);
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i) => gradInput[i] = function.Gradient(known[i], gradOutput[i]);

    void IElementWise.Four(long i)
    {
        Float4 v = Float4.Load(known, i), dy = Float4.Load(gradOutput, i);
        new Float4(function.Gradient(v.X, dy.X), function.Gradient(v.Y, dy.Y), function.Gradient(v.Z, dy.Z), function.Gradient(v.W, dy.W)).Store(gradInput, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* v = CpuWorker.Pointer(known), dy = CpuWorker.Pointer(gradOutput), dx = CpuWorker.Pointer(gradInput);
        TFunction f = function;
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            f.Gradient(Vector512.Load(v + i), Vector512.Load(dy + i)).Store(dx + i);
        }
        for (; i < to; i++)
        {
            dx[i] = f.Gradient(v[i], dy[i]);
        }
    }
}
