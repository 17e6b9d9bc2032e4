using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>One step of stochastic gradient descent with momentum over all parameters at once: v = µ v + g; p -= lr v. Plain descent is µ = 0.
/// With Nesterov's momentum p -= lr (g + µ v).</summary>
/// <remarks>PyTorch's form, in which the learning rate is not inside the velocity, and weights decay by λ p in their gradient.
/// Velocities below 1e-30 are set to zero, as <see cref="Adam"/>'s moments are.</remarks>
internal readonly struct SgdMomentum : IOp, IElementWise
{
    private const float Smallest = 1e-30f;

    private readonly ArrayView<float> parameters, gradients, velocities, gradientScale;
    private readonly DecayRanges decayRanges;
    private readonly int count, vector, nesterov;
    private readonly float learningRate, momentum, weightDecay;

    private SgdMomentum(ArrayView<float> parameters, ArrayView<float> gradients, ArrayView<float> velocities, int count,
        double learningRate, double momentum, double weightDecay, ArrayView<int> decayRanges, ArrayView<float> gradientScale, bool nesterov)
    {
        this.parameters = parameters;
        this.gradients = gradients;
        this.velocities = velocities;
        this.count = count;
        vector = Float4.Fits(parameters) & Float4.Fits(gradients) & Float4.Fits(velocities);
        this.learningRate = (float)learningRate;
        this.momentum = (float)momentum;
        this.weightDecay = (float)weightDecay;
        this.decayRanges = new DecayRanges(decayRanges);
        this.gradientScale = gradientScale;
        this.nesterov = nesterov ? 1 : 0;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="parameters">[count], changed in place.</param>
    /// <param name="gradients">[count].</param>
    /// <param name="velocities">[count], v, changed in place; zeros before the first step.</param>
    /// <param name="count">The number of parameters.</param>
    /// <param name="learningRate">lr.</param>
    /// <param name="momentum">µ.</param>
    /// <param name="weightDecay">λ.</param>
    /// <param name="decayRanges">The parameters that decay: ascending bounds, from each first one up to each second one; empty: none.</param>
    /// <param name="gradientScale">[1], what gradients are multiplied by before anything is added to them; empty for 1.</param>
    /// <param name="nesterov">Whether the momentum is Nesterov's.</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> parameters, ArrayView<float> gradients, ArrayView<float> velocities, int count,
        double learningRate, double momentum, double weightDecay = 0, ArrayView<int> decayRanges = default,
        ArrayView<float> gradientScale = default, bool nesterov = false)
    {
        Require.Positive(count);
        Require.Length(parameters, count);
        Require.Length(gradients, count);
        Require.Length(velocities, count);
        device.Run(new SgdMomentum(parameters, gradients, velocities, count, learningRate, momentum, weightDecay, decayRanges, gradientScale, nesterov));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i)
    {
        float p = parameters[i], g = Gradient(Scale() * gradients[i], p, decayRanges.Passed(i)), v = Velocity(velocities[i], g);
        velocities[i] = v;
        parameters[i] = Moved(p, g, v);
    }

    void IElementWise.Four(long i)
    {
        Float4 p = Float4.Load(parameters, i), g = Float4.Load(gradients, i), v = Float4.Load(velocities, i);
        int x = decayRanges.Passed(i), y = decayRanges.Passed(i + 1, x), z = decayRanges.Passed(i + 2, y), w = decayRanges.Passed(i + 3, z);
        float scale = Scale();
        g = new(Gradient(scale * g.X, p.X, x), Gradient(scale * g.Y, p.Y, y), Gradient(scale * g.Z, p.Z, z), Gradient(scale * g.W, p.W, w));
        v = new(Velocity(v.X, g.X), Velocity(v.Y, g.Y), Velocity(v.Z, g.Z), Velocity(v.W, g.W));
        v.Store(velocities, i);
        new Float4(Moved(p.X, g.X, v.X), Moved(p.Y, g.Y, v.Y), Moved(p.Z, g.Z, v.Z), Moved(p.W, g.W, v.W)).Store(parameters, i);
    }

    void IOp.Cpu(in CpuWorker worker)
    {
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        float scale = Scale();
        for (int passed = decayRanges.Passed(i); i < to; i = decayRanges.Next(passed++, to))
        {
            Range(i, decayRanges.Next(passed, to), Decay(passed), scale);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Range(int i, int to, float decay, float scale)
    {
        float* p = CpuWorker.Pointer(parameters), g = CpuWorker.Pointer(gradients), v = CpuWorker.Pointer(velocities);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            Vector512<float> parameter = Vector512.Load(p + i), gradient = (scale * Vector512.Load(g + i)) + (decay * parameter);
            Vector512<float> velocity = (momentum * Vector512.Load(v + i)) + gradient;
            velocity = Vector512.ConditionalSelect(Vector512.LessThan(Vector512.Abs(velocity), Vector512.Create(Smallest)), Vector512<float>.Zero, velocity);
            velocity.Store(v + i);
            (parameter - (learningRate * (nesterov != 0 ? gradient + (momentum * velocity) : velocity))).Store(p + i);
        }
        for (; i < to; i++)
        {
            float gradient = (scale * g[i]) + (decay * p[i]);
            v[i] = Velocity(v[i], gradient);
            p[i] = Moved(p[i], gradient, v[i]);
        }
    }

    private float Scale() => gradientScale.Length > 0 ? gradientScale[0] : 1f;

    /// <param name="passed">How many bounds of ranges are passed.</param>
    private float Decay(int passed) => (passed & 1) != 0 ? weightDecay : 0f;

    private float Gradient(float g, float p, int passed) => g + (Decay(passed) * p);

    private float Velocity(float v, float g)
    {
        v = (momentum * v) + g;
        return Math.Abs(v) < Smallest ? 0f : v;
    }

    private float Moved(float p, float g, float v) => p - (learningRate * (nesterov != 0 ? g + (momentum * v) : v));
}
