using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>One step of stochastic gradient descent with momentum over all parameters at once: v = µ v + g; p -= lr v. Plain descent is µ = 0.</summary>
/// <remarks>PyTorch's form, in which the learning rate is not inside the velocity.</remarks>
public readonly struct SgdMomentum : IOp
{
    private readonly ArrayView<float> parameters, gradients, velocities;
    private readonly int count;
    private readonly float learningRate, momentum;

    private SgdMomentum(ArrayView<float> parameters, ArrayView<float> gradients, ArrayView<float> velocities, int count, double learningRate, double momentum)
    {
        this.parameters = parameters;
        this.gradients = gradients;
        this.velocities = velocities;
        this.count = count;
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

    KernelConfig IOp.GpuShape => ElementWise.Shape(count);

    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i < count)
        {
            float v = (momentum * velocities[i]) + gradients[i];
            velocities[i] = v;
            parameters[i] -= learningRate * v;
        }
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
