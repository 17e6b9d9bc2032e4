using System.Numerics;

namespace GpuCnn.Benchmarks;

/// <summary>One operation on one shape with one batch: its operands, its work, its naive body and its launch.</summary>
/// <param name="op">The operation's name.</param>
/// <param name="shape">Its sizes, for people.</param>
/// <param name="batch">N.</param>
internal abstract class KernelCase(string op, string shape, int batch) : IDisposable
{
    private readonly List<Operand> operands = [];
    private Device? device;

    /// <summary>The operation's name.</summary>
    public string Op => op;

    /// <summary>Its sizes, for people.</summary>
    public string Shape => shape;

    /// <summary>N.</summary>
    public int Batch => batch;

    /// <summary>Arithmetic operations that the result needs, a multiply-add being two. Of a pooled convolution's gradients: those of the winners.</summary>
    public abstract double Flops { get; }

    /// <summary>Bytes that must move between memory and processor: every operand once.</summary>
    public double Bytes => operands.Sum(operand => operand.Bytes);

    /// <summary>Allocates the operands on a device and fills them, always with the same numbers.</summary>
    public void Open(Device on)
    {
        device = on;
        foreach (Operand operand in operands)
        {
            operand.Open(on);
        }
    }

    /// <summary>The textbook's loops, on the operands' arrays.</summary>
    public abstract void Naive();

    /// <summary>Launches the operation, without waiting for it.</summary>
    public void Launch() => Launch(device!);

    /// <summary>Runs the operation and waits for it.</summary>
    public void Run()
    {
        Launch(device!);
        device!.Synchronize();
    }

    /// <summary>Runs the operation and the naive body on the same numbers and compares all results.</summary>
    /// <exception cref="InvalidOperationException">They differ by more than rounding.</exception>
    public void Check() => Check(Run, () => operands.Select(operand => operand.Difference()));

    /// <summary>Compares another implementation with the naive body.</summary>
    /// <param name="run">Computes.</param>
    /// <param name="differences">What is wrong with each result, null for nothing.</param>
    /// <exception cref="InvalidOperationException">Results differ by more than rounding.</exception>
    public void Check(Action run, Func<IEnumerable<string?>> differences)
    {
        operands.ForEach(operand => operand.Restore());
        Naive();
        run();
        string? difference = differences().FirstOrDefault(text => text is not null);
        if (difference is not null)
        {
            throw new InvalidOperationException($"{op} {shape}, batch {batch}: {difference}; wrong results are not timed");
        }
        operands.ForEach(operand => operand.Restore());
    }

    /// <inheritdoc/>
    public virtual void Dispose() => operands.ForEach(operand => operand.Dispose());

    /// <summary>The static Run of the operation.</summary>
    protected abstract void Launch(Device on);

    /// <summary>An operand that the operation reads.</summary>
    protected Operand<T> Read<T>(string name, int length, Action<T[]> fill, long? touched = null) where T : unmanaged => Add(name, length, Access.Read, fill, touched ?? length);

    /// <summary>An operand of numbers in [-1, 1) that the operation reads.</summary>
    protected Operand<float> Read(string name, int length) => Read<float>(name, length, Numbers.Uniform);

    /// <summary>An operand that the operation overwrites.</summary>
    protected Operand<T> Write<T>(string name, int length) where T : unmanaged => Add<T>(name, length, Access.Write, _ => { }, length);

    /// <summary>An operand that the operation changes in place.</summary>
    protected Operand<float> Update(string name, int length, Action<float[]> fill) => Add(name, length, Access.Update, fill, length);

    private Operand<T> Add<T>(string name, int length, Access access, Action<T[]> fill, long touched) where T : unmanaged
    {
        var operand = new Operand<T>(name, length, access, fill, touched);
        operands.Add(operand);
        return operand;
    }
}

/// <summary>Fillings of operands: pseudo-random, the same in every run.</summary>
internal static class Numbers
{
    /// <summary>Numbers in [-1, 1).</summary>
    public static void Uniform(float[] values) => Fill(values, word => (int)word * (1f / (1L << 31)));

    /// <summary>What ReLU leaves of such numbers.</summary>
    public static void Activations(float[] values) => Fill(values, word => Math.Max(0f, (int)word * (1f / (1L << 31))));

    /// <summary>Whole numbers from 0 up to but not including a bound.</summary>
    public static Action<T[]> Below<T>(int bound) where T : unmanaged, INumber<T> => values => Fill(values, word => T.CreateChecked((word >> 8) % (uint)bound));

    private static void Fill<T>(T[] values, Func<uint, T> value)
    {
        // A linear congruence (Numerical Recipes): seeded and an order of magnitude faster than Random, for 20 million numbers.
        uint word = 17;
        for (int i = 0; i < values.Length; i++)
        {
            word = (word * 1664525) + 1013904223;
            values[i] = value(word);
        }
    }
}
