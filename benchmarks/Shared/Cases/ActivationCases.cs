using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks;

/// <summary>An activation to time: its name, the textbook's function and derivative, and their arithmetic operations, a call of the exponential function being one.</summary>
internal sealed record ActivationEntry(string Name, Func<int, KernelCase> Forward, Func<int, KernelCase> Gradient)
{
    /// <summary>LeakyReLU's slope below zero.</summary>
    public const double Slope = 0.01;

    /// <summary>All but ReLU, which the models' layers bring.</summary>
    public static IEnumerable<ActivationEntry> OfSize(int count) =>
    [
        For(count, "LeakyRelu", new LeakyReluFunction(Slope), 1, x => x > 0 ? x : Slope * x, 1, y => y > 0 ? 1 : Slope),
        For(count, "Gelu", new GeluFunction(), 5, x => x * Phi(x), 10, x => Phi(x) + (x * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI))),
        For(count, "Silu", new SiluFunction(), 4, x => x / (1 + Math.Exp(-x)), 8, x => Logistic(x) * (1 + (x * Logistic(-x)))),
        For(count, "HardSwish", new HardSwishFunction(), 5, x => x * Math.Clamp(x + 3, 0, 6) / 6, 3, x => x <= -3 ? 0 : x >= 3 ? 1 : (x / 3) + 0.5),
        For(count, "Relu6", new Relu6Function(), 2, x => Math.Clamp(x, 0, 6), 2, y => y is > 0 and < 6 ? 1 : 0),
        For(count, "Tanh", new TanhFunction(), 5, Math.Tanh, 4, y => 1 - (y * y)),
        For(count, "Sigmoid", new SigmoidFunction(), 3, Logistic, 3, y => y * (1 - y)),
        For(count, "Elu", new EluFunction(1), 3, x => x > 0 ? x : Math.Exp(x) - 1, 2, y => y > 0 ? 1 : y + 1),
    ];

    /// <summary>ReLU of its own.</summary>
    public static ActivationEntry Relu(int count) => For(count, "Relu", new ReluFunction(), 1, x => Math.Max(0, x), 1, y => y > 0 ? 1 : 0);

    private static ActivationEntry For<TFunction>(
        int count, string name, TFunction function, double flops, Func<double, double> of, double gradientFlops, Func<double, double> slope)
        where TFunction : unmanaged, IActivation =>
        new(name, batch => new ActivationCase<TFunction>(name, function, of, flops, count, batch),
            batch => new ActivationGradientCase<TFunction>(name + "Gradient", function, slope, gradientFlops, count, batch));

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>The normal distribution's Φ by the sum of Abramowitz and Stegun, 7.1.26, exact to 1e-7.</summary>
    private static double Phi(double x)
    {
        double z = Math.Abs(x) / Math.Sqrt(2), t = 1 / (1 + (0.3275911 * z));
        double rest = ((((((((1.061405429 * t) - 1.453152027) * t) + 1.421413741) * t) - 0.284496736) * t) + 0.254829592) * t * Math.Exp(-z * z) / 2;
        return x > 0 ? 1 - rest : rest;
    }
}

/// <summary>Operands of an activation.</summary>
internal abstract class ActivationCase : KernelCase
{
    private readonly Func<double, double> of;
    private readonly double flops;

    /// <summary>Creates the case.</summary>
    protected ActivationCase(string op, Func<double, double> of, double flops, int count, int batch) : base(op, $"{count}", batch)
    {
        (this.of, this.flops) = (of, flops);
        Input = Read("input", batch * count);
        Output = Write<float>("output", batch * count);
    }

    /// <summary>[N, count].</summary>
    public Operand<float> Input { get; }

    /// <summary>[N, count].</summary>
    public Operand<float> Output { get; }

    /// <inheritdoc/>
    public override double Flops => flops * Input.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int i = 0; i < Input.Length; i++)
        {
            Output.Host[i] = (float)of(Input.Host[i]);
        }
    }
}

/// <summary>An activation.</summary>
internal sealed class ActivationCase<TFunction>(string op, TFunction function, Func<double, double> of, double flops, int count, int batch)
    : ActivationCase(op, of, flops, count, batch) where TFunction : unmanaged, IActivation
{
    /// <inheritdoc/>
    protected override void Launch(Device on) => Activation.Run(on, function, Input.View, Output.View, Input.Length);
}

/// <summary>Operands of an activation's gradient, in place as in trainings.</summary>
internal abstract class ActivationGradientCase : KernelCase
{
    private readonly Func<double, double> slope;
    private readonly double flops;

    /// <summary>Creates the case.</summary>
    protected ActivationGradientCase(string op, Func<double, double> slope, double flops, int count, int batch) : base(op, $"{count}", batch)
    {
        (this.slope, this.flops) = (slope, flops);
        Known = Read("known", batch * count);
        Gradient = Update("gradient", batch * count, Numbers.Uniform);
    }

    /// <summary>[N, count], the activation's input or output.</summary>
    public Operand<float> Known { get; }

    /// <summary>[N, count].</summary>
    public Operand<float> Gradient { get; }

    /// <inheritdoc/>
    public override double Flops => flops * Known.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int i = 0; i < Known.Length; i++)
        {
            Gradient.Host[i] *= (float)slope(Known.Host[i]);
        }
    }
}

/// <summary>The gradient of an activation.</summary>
internal sealed class ActivationGradientCase<TFunction>(string op, TFunction function, Func<double, double> slope, double flops, int count, int batch)
    : ActivationGradientCase(op, slope, flops, count, batch) where TFunction : unmanaged, IActivation
{
    /// <inheritdoc/>
    protected override void Launch(Device on) => Activation.RunGradient(on, function, Known.View, Gradient.View, Gradient.View, Known.Length);
}
