using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;
using ILGPU.Algorithms;

namespace GpuCnn.Kernels;

/// <summary>One step of Adam over all parameters at once (Kingma and Ba, "Adam: a method for stochastic optimization", 2015, Algorithm 1); with decay ranges, of AdamW (Loshchilov and
/// Hutter, "Decoupled weight decay regularization", 2019).</summary>
/// <remarks>m = β1 m + (1-β1) g; v = β2 v + (1-β2) g²; p -= lr m̂ / (√v̂ + ε) with m̂ = m/(1-β1ᵗ), v̂ = v/(1-β2ᵗ); where weights decay, p is (1 - lr λ) p before that, PyTorch's form, in which
/// λ follows the learning rate. Moments below 1e-30 are set to zero: those of units without gradient would otherwise become denormal after some 800 steps and make a CPU eight times slower.</remarks>
internal readonly struct Adam : IOp, IElementWise
{
    private const float Smallest = 1e-30f;

    private readonly ArrayView<float> parameters, gradients, firstMoments, secondMoments, gradientScale;
    private readonly DecayRanges decayRanges;
    private readonly int count, vector;
    private readonly float stepSize, rootCorrection, beta1, beta2, rest1, rest2, epsilon, kept;

    private Adam(ArrayView<float> parameters, ArrayView<float> gradients, ArrayView<float> firstMoments, ArrayView<float> secondMoments, int count,
        long step, double learningRate, double beta1, double beta2, double epsilon, double weightDecay, ArrayView<int> decayRanges, ArrayView<float> gradientScale)
    {
        this.parameters = parameters;
        this.gradients = gradients;
        this.firstMoments = firstMoments;
        this.secondMoments = secondMoments;
        this.count = count;
        vector = Float4.Fits(parameters) & Float4.Fits(gradients) & Float4.Fits(firstMoments) & Float4.Fits(secondMoments);
        stepSize = (float)(learningRate / (1 - Math.Pow(beta1, step)));
        rootCorrection = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));
        this.beta1 = (float)beta1;
        this.beta2 = (float)beta2;
        // 1 - 0.999f is 1.3e-5 of its size away from 0.001: the difference must be taken before rounding.
        rest1 = (float)(1 - beta1);
        rest2 = (float)(1 - beta2);
        this.epsilon = (float)epsilon;
        kept = (float)(1 - (learningRate * weightDecay));
        this.decayRanges = new DecayRanges(decayRanges);
        this.gradientScale = gradientScale;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="parameters">[count], changed in place.</param>
    /// <param name="gradients">[count].</param>
    /// <param name="firstMoments">[count], m, changed in place; zeros before the first step.</param>
    /// <param name="secondMoments">[count], v, changed in place; zeros before the first step.</param>
    /// <param name="count">The number of parameters.</param>
    /// <param name="step">t, from 1.</param>
    /// <param name="learningRate">α.</param>
    /// <param name="beta1">β1.</param>
    /// <param name="beta2">β2.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="weightDecay">λ.</param>
    /// <param name="decayRanges">The parameters that decay: ascending bounds, from each first one to in front of each second one. Without any none decays.</param>
    /// <param name="gradientScale">[1], what gradients are multiplied by; empty for 1.</param>
    /// <exception cref="ArgumentException">An operand is shorter, or step is not positive.</exception>
    public static void Run(Device device, ArrayView<float> parameters, ArrayView<float> gradients, ArrayView<float> firstMoments, ArrayView<float> secondMoments, int count,
        long step, double learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, double weightDecay = 0, ArrayView<int> decayRanges = default,
        ArrayView<float> gradientScale = default)
    {
        Require.Positive(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        Require.Length(parameters, count);
        Require.Length(gradients, count);
        Require.Length(firstMoments, count);
        Require.Length(secondMoments, count);
        device.Run(new Adam(parameters, gradients, firstMoments, secondMoments, count, step, learningRate, beta1, beta2, epsilon, weightDecay, decayRanges, gradientScale));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i)
    {
        float g = Scale() * gradients[i], m = First(firstMoments[i], g), v = Second(secondMoments[i], g);
        firstMoments[i] = m;
        secondMoments[i] = v;
        parameters[i] = Moved(parameters[i], m, v, decayRanges.Passed(i));
    }

    void IElementWise.Four(long i)
    {
        Float4 p = Float4.Load(parameters, i), g = Float4.Load(gradients, i), m = Float4.Load(firstMoments, i), v = Float4.Load(secondMoments, i);
        float scale = Scale();
        g = new(scale * g.X, scale * g.Y, scale * g.Z, scale * g.W);
        m = new(First(m.X, g.X), First(m.Y, g.Y), First(m.Z, g.Z), First(m.W, g.W));
        v = new(Second(v.X, g.X), Second(v.Y, g.Y), Second(v.Z, g.Z), Second(v.W, g.W));
        m.Store(firstMoments, i);
        v.Store(secondMoments, i);
        int x = decayRanges.Passed(i), y = decayRanges.Passed(i + 1, x), z = decayRanges.Passed(i + 2, y), w = decayRanges.Passed(i + 3, z);
        new Float4(Moved(p.X, m.X, v.X, x), Moved(p.Y, m.Y, v.Y, y), Moved(p.Z, m.Z, v.Z, z), Moved(p.W, m.W, v.W, w)).Store(parameters, i);
    }

    void IOp.Cpu(in CpuWorker worker)
    {
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        float scale = Scale();
        for (int passed = decayRanges.Passed(i); i < to; i = decayRanges.Next(passed++, to))
        {
            Range(i, decayRanges.Next(passed, to), Kept(passed), scale);
        }
    }

    /// <remarks>Bound by memory, so 256-bit vectors, which more machines have; one of 512 bits made of two takes the square root one element at a time.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Range(int i, int to, float keep, float scale)
    {
        float* p = CpuWorker.Pointer(parameters), g = CpuWorker.Pointer(gradients), m = CpuWorker.Pointer(firstMoments), v = CpuWorker.Pointer(secondMoments);
        for (; i + Vector256<float>.Count <= to; i += Vector256<float>.Count)
        {
            Vector256<float> gradient = scale * Vector256.Load(g + i);
            Vector256<float> first = (beta1 * Vector256.Load(m + i)) + (rest1 * gradient);
            Vector256<float> second = (beta2 * Vector256.Load(v + i)) + (rest2 * gradient * gradient);
            first = Vector256.ConditionalSelect(Vector256.LessThan(Vector256.Abs(first), Vector256.Create(Smallest)), Vector256<float>.Zero, first);
            second = Vector256.ConditionalSelect(Vector256.LessThan(second, Vector256.Create(Smallest)), Vector256<float>.Zero, second);
            first.Store(m + i);
            second.Store(v + i);
            ((keep * Vector256.Load(p + i)) - (stepSize * first / ((Vector256.Sqrt(second) * rootCorrection) + Vector256.Create(epsilon)))).Store(p + i);
        }
        for (; i < to; i++)
        {
            float gradient = scale * g[i];
            float first = (beta1 * m[i]) + (rest1 * gradient);
            float second = (beta2 * v[i]) + (rest2 * gradient * gradient);
            m[i] = first = MathF.Abs(first) < Smallest ? 0f : first;
            v[i] = second = second < Smallest ? 0f : second;
            p[i] = (keep * p[i]) - (stepSize * first / ((MathF.Sqrt(second) * rootCorrection) + epsilon));
        }
    }

    private float Scale() => gradientScale.Length > 0 ? gradientScale[0] : 1f;

    private float First(float m, float g)
    {
        m = (beta1 * m) + (rest1 * g);
        return Math.Abs(m) < Smallest ? 0f : m;
    }

    private float Second(float v, float g)
    {
        v = (beta2 * v) + (rest2 * g * g);
        return v < Smallest ? 0f : v;
    }

    /// <param name="passed">How many bounds of ranges are passed.</param>
    private float Kept(int passed) => (passed & 1) != 0 ? kept : 1f;

    private float Moved(float p, float m, float v, int passed) => (Kept(passed) * p) - (stepSize * m / ((XMath.Sqrt(v) * rootCorrection) + epsilon));
}
