using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>One step of stochastic gradient descent with momentum over all parameters at once: v = µ v + g; p -= lr v. Plain descent is µ = 0.</summary>
/// <remarks>PyTorch's form, in which the learning rate is not inside the velocity.</remarks>
public readonly struct SgdMomentum : IOp, IElementWise
{
    private readonly ArrayView<float> parameters, gradients, velocities;
    private readonly int count, vector;
    private readonly float learningRate, momentum;

    private SgdMomentum(ArrayView<float> parameters, ArrayView<float> gradients, ArrayView<float> velocities, int count, double learningRate, double momentum)
    {
        this.parameters = parameters;
        this.gradients = gradients;
        this.velocities = velocities;
        this.count = count;
        vector = Float4.Fits(parameters) & Float4.Fits(gradients) & Float4.Fits(velocities);
        this.learningRate = (float)learningRate;
        this.momentum = (float)momentum;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="parameters">[count], changed in place.</param>
    /// <param name="gradients">[count].</param>
    /// <param name="velocities">[count], v, changed in place; zeros before the first step.</param>
    /// <param name="count">The number of parameters.</param>
    /// <param name="learningRate">lr.</param>
    /// <param name="momentum">µ.</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> parameters, ArrayView<float> gradients, ArrayView<float> velocities, int count, double learningRate, double momentum)
    {
        Require.Positive(count);
        Require.Length(parameters, count);
        Require.Length(gradients, count);
        Require.Length(velocities, count);
        device.Run(new SgdMomentum(parameters, gradients, velocities, count, learningRate, momentum));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i)
    {
        float v = (momentum * velocities[i]) + gradients[i];
        velocities[i] = v;
        parameters[i] -= learningRate * v;
    }

    void IElementWise.Four(long i)
    {
        Float4 p = Float4.Load(parameters, i), g = Float4.Load(gradients, i), v = Float4.Load(velocities, i);
        v = new((momentum * v.X) + g.X, (momentum * v.Y) + g.Y, (momentum * v.Z) + g.Z, (momentum * v.W) + g.W);
        v.Store(velocities, i);
        new Float4(p.X - (learningRate * v.X), p.Y - (learningRate * v.Y), p.Z - (learningRate * v.Z), p.W - (learningRate * v.W)).Store(parameters, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* p = CpuWorker.Pointer(parameters), g = CpuWorker.Pointer(gradients), v = CpuWorker.Pointer(velocities);
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            Vector512<float> velocity = (momentum * Vector512.Load(v + i)) + Vector512.Load(g + i);
            velocity.Store(v + i);
            (Vector512.Load(p + i) - (learningRate * velocity)).Store(p + i);
        }
        for (; i < to; i++)
        {
            v[i] = (momentum * v[i]) + g[i];
            p[i] -= learningRate * v[i];
        }
    }
}
