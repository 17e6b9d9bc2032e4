namespace GpuCnn.Kernels.Tests;

/// <summary>Update rules for one parameter, in double.</summary>
public static class OptimizerReference
{
    /// <summary>Adam, Algorithm 1 of Kingma and Ba, line by line.</summary>
    public static (double Parameter, double First, double Second) Adam(double parameter, double gradient, double first, double second,
        long step, double learningRate, double beta1, double beta2, double epsilon)
    {
        first = (beta1 * first) + ((1 - beta1) * gradient);
        second = (beta2 * second) + ((1 - beta2) * gradient * gradient);
        double correctedFirst = first / (1 - Math.Pow(beta1, step));
        double correctedSecond = second / (1 - Math.Pow(beta2, step));
        return (parameter - (learningRate * correctedFirst / (Math.Sqrt(correctedSecond) + epsilon)), first, second);
    }

    /// <summary>Momentum as PyTorch has it.</summary>
    public static (double Parameter, double Velocity) Sgd(double parameter, double gradient, double velocity, double learningRate, double momentum)
    {
        velocity = (momentum * velocity) + gradient;
        return (parameter - (learningRate * velocity), velocity);
    }
}
