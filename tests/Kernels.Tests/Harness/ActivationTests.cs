using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>What an activation makes of a value that needs care.</summary>
/// <param name="X">The input.</param>
/// <param name="Value">The output, exactly, but for a denormal one.</param>
/// <param name="Slope">The derivative, or how the gradient of such an output is passed.</param>
public readonly record struct SpecialValue(float X, double Value, double Slope);

/// <summary>An activation with its settings, and its definition in double; the derivative's reference are central differences of that.</summary>
/// <param name="Name">The settings.</param>
/// <param name="Function">The type that runs it.</param>
/// <param name="GradientNeedsInput">Whether the gradient reads the input.</param>
/// <param name="Of">The definition.</param>
/// <param name="Run">Device, input, output, count.</param>
/// <param name="RunGradient">Device, known, gradOutput, gradInput, count.</param>
public sealed record ActivationExample(string Name, Type Function, bool GradientNeedsInput, Func<double, double> Of,
    Action<Device, ArrayView<float>, ArrayView<float>, int> Run, Action<Device, ArrayView<float>, ArrayView<float>, ArrayView<float>, int> RunGradient)
{
    /// <summary>Where the derivative jumps, and what it is taken for there. References are asked elsewhere.</summary>
    public IReadOnlyList<(double X, double Slope)> Kinks { get; init; } = [];

    /// <summary>NaN, infinities, huge and tiny numbers.</summary>
    public required IReadOnlyList<SpecialValue> Special { get; init; }

    /// <summary>How far outputs may lie from the definition.</summary>
    public required Tolerance Tolerance { get; init; }

    /// <summary>The derivative at a float that is no neighbour of a kink.</summary>
    public double Slope(double x) => Kinks.Where(kink => kink.X == x).Select(kink => (double?)kink.Slope).SingleOrDefault() ?? ActivationReference.Slope(Of, x);

    /// <summary>A number, or one beside it where central differences would see a kink.</summary>
    public double Clear(double x) => Kinks.Any(kink => Math.Abs(kink.X - x) < 1e-3) ? (float)(x + 0.01) : x;

    internal static ActivationExample For<TFunction>(TFunction function, Func<double, double> of, Tolerance tolerance, params SpecialValue[] special)
        where TFunction : unmanaged, IActivation =>
        new(function.ToString()!, typeof(TFunction), TFunction.Reads == OutputUse.None, of, (device, x, y, n) => Activation.Run(device, function, x, y, n),
            (device, known, dy, dx, n) => Activation.RunGradient(device, function, known, dy, dx, n))
        {
            Special = special,
            Tolerance = tolerance,
        };
}

/// <summary>An activation under test.</summary>
public interface IActivationExamples
{
    /// <summary>It, once for each choice of settings.</summary>
    static abstract IReadOnlyList<ActivationExample> All { get; }
}

/// <summary>Forward and backward cases of an activation; lengths take turns with settings.</summary>
public sealed class ActivationCases<TExamples> : IOpCases where TExamples : IActivationExamples
{
    public static IEnumerable<OpCase> All => Lengths.Cases(Forward).Concat(Gradients).Append(new OpCase("all magnitudes", Magnitudes));

    /// <summary>Of the gradient.</summary>
    public static IEnumerable<OpCase> Gradients => Lengths.All.Select(n => new OpCase($"gradient of {n} elements", t => Gradient(t, n)));

    private static void Forward(Trial t, int n)
    {
        ActivationExample example = Example(n);
        Operand<float> output = t.Output<float>("output", n);
        double[] x = Inputs(t, example, n);
        example.Run(t.Device, t.Input(Values.Floats(x)), output, n);
        t.Expect(output, [.. x.Select(example.Of)], example.Tolerance, n);
    }

    private static void Gradient(Trial t, int n)
    {
        ActivationExample example = Example(n);
        double[] x = Inputs(t, example, n), r = Values.Vector(t.Random, n);
        IEnumerable<double> known = example.GradientNeedsInput ? x : x.Select(example.Of);
        Operand<float> gradInput = t.Output<float>("gradInput", n);
        example.RunGradient(t.Device, t.Input(Values.Floats(known)), t.Input(Values.Floats(r)), gradInput, n);
        t.Expect(gradInput, [.. x.Zip(r, (value, grad) => example.Slope(value) * grad)], new Tolerance(4 * Tolerance.Epsilon, 8 * Tolerance.Epsilon), n);
    }

    /// <remarks>From 2^-100 to 2^7, both signs, so that errors show that are small beside 1 but large beside the result.</remarks>
    private static void Magnitudes(Trial t)
    {
        double[] x = [.. from power in Enumerable.Range(-100, 107) from sign in (int[])[-1, 1] from _ in Enumerable.Range(0, 8)
                         select (float)(sign * (1 + t.Random.NextDouble()) * Math.Pow(2, power))];
        foreach (ActivationExample example in TExamples.All)
        {
            Operand<float> output = t.Output<float>($"output of {example.Name}", x.Length);
            example.Run(t.Device, t.Input(Values.Floats(x)), output, x.Length);
            t.Expect(output, [.. x.Select(example.Of)], example.Tolerance, x.Length);
        }
    }

    private static ActivationExample Example(int n) => TExamples.All[Lengths.All.TakeWhile(length => length != n).Count() % TExamples.All.Count];

    /// <summary>Numbers from -7 to 7, and the kinks.</summary>
    private static double[] Inputs(Trial t, ActivationExample example, int n)
    {
        double[] x = [.. Values.Vector(t.Random, n).Select((value, i) => example.Clear((float)(value * (1 + (i % 7)))))];
        for (int i = 0; i < Math.Min(example.Kinks.Count, n / 2); i++)
        {
            x[(n / 2) + i] = example.Kinks[i].X;
        }
        return x;
    }
}

/// <summary>What every activation is tested for on every accelerator.</summary>
public abstract class ActivationTests<TDevice, TExamples> : OpTests<TDevice, ActivationCases<TExamples>> where TDevice : ITestDevice where TExamples : IActivationExamples
{
    [DeviceFact]
    public void The_gradient_refuses_an_operand_that_is_too_short() => RefusesShortOperands(ActivationCases<TExamples>.Gradients.First());

    [DeviceTheory]
    [InlineData(7)]
    [InlineData(45)]
    public void Special_values_give_what_is_defined_in_place(int n)
    {
        foreach (ActivationExample example in TExamples.All)
        {
            foreach (int before in Trial.Places)
            {
                using var t = new Trial(Device, new OpCase($"special values of {example.Name}", _ => { }), before: before);
                // Every value comes to every place of a vector and of its rest.
                for (int shift = 0; shift < example.Special.Count; shift++)
                {
                    SpecialValue[] values = [.. Enumerable.Range(0, n).Select(i => example.Special[(i + shift) % example.Special.Count])];
                    float[] x = [.. values.Select(v => v.X)], y = [.. values.Select(v => (float)v.Value)];
                    Operand<float> inPlace = t.InOut("values", x), gradient = t.InOut("gradient", [.. Enumerable.Repeat(3f, n)]);
                    example.Run(Device, inPlace, inPlace, n);
                    t.Expect(inPlace, [.. values.Select(v => v.Value)], new Tolerance(3e-45, 0), n);
                    example.RunGradient(Device, t.Input(example.GradientNeedsInput ? x : y), gradient, gradient, n);
                    t.Expect(gradient, [.. values.Select(v => 3 * v.Slope)], Tolerance.Few, n);
                }
                t.CheckMemory();
            }
        }
    }
}
