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

    /// <summary>AdamW as PyTorch has it: the parameter shrinks first, and the moments know nothing of it.</summary>
    public static (double Parameter, double First, double Second) AdamW(double parameter, double gradient, double first, double second,
        long step, double learningRate, double beta1, double beta2, double epsilon, double weightDecay) =>
        Adam(parameter - (learningRate * weightDecay * parameter), gradient, first, second, step, learningRate, beta1, beta2, epsilon);

    /// <summary>Whether ranges, each from its first element to in front of its second, hold an element.</summary>
    public static bool Decays(int[] bounds, int element) => bounds.Chunk(2).Any(range => element >= range[0] && (range.Length < 2 || element < range[1]));

    /// <summary>Momentum as PyTorch has it, with weight decay in the gradient.</summary>
    public static (double Parameter, double Velocity) Sgd(double parameter, double gradient, double velocity, double learningRate, double momentum, double weightDecay = 0)
    {
        velocity = (momentum * velocity) + gradient + (weightDecay * parameter);
        return (parameter - (learningRate * velocity), velocity);
    }

    /// <summary>Nesterov's momentum as PyTorch has it: the step looks ahead along the new velocity.</summary>
    public static (double Parameter, double Velocity) Nesterov(
        double parameter, double gradient, double velocity, double learningRate, double momentum, double weightDecay)
    {
        double whole = gradient + (weightDecay * parameter), next = (momentum * velocity) + whole;
        return (parameter - (learningRate * whole) - (learningRate * momentum * next), next);
    }
}
