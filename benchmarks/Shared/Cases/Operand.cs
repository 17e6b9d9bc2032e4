using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using ILGPU;

namespace GpuCnn.Benchmarks;

/// <summary>What an operation does with an operand.</summary>
[Flags]
internal enum Access
{
    /// <summary>It is read.</summary>
    Read = 1,

    /// <summary>It is overwritten.</summary>
    Write = 2,

    /// <summary>It is changed in place.</summary>
    Update = Read | Write,
}

/// <summary>One operand of a case: an array that the naive body works on, and the same on the device.</summary>
internal abstract class Operand : IDisposable
{
    /// <summary>Bytes that must move between memory and processor at least: each element read and each element written, once.</summary>
    public abstract double Bytes { get; }

    /// <summary>Allocates both.</summary>
    public abstract void Open(Device device);

    /// <summary>Brings both back to the start: inputs as they were, results without a value (NaN where there is one).</summary>
    public abstract void Restore();

    /// <summary>Compares what the operation wrote on the device with what the naive body wrote.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public abstract string? Difference();

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>An operand of known type.</summary>
/// <param name="name">Its name in messages.</param>
/// <param name="length">Its elements.</param>
/// <param name="access">What the operation does with it.</param>
/// <param name="fill">Its values before the operation.</param>
/// <param name="touched">How many of its elements the operation needs.</param>
internal sealed class Operand<T>(string name, int length, Access access, Action<T[]> fill, long touched) : Operand where T : unmanaged
{
    /// <summary>The share of the largest value by which results may differ: sums of up to 100,000 floats in another order, with room.</summary>
    private const double Tolerance = 1e-4;

    /// <summary>Of a thousand classes or winners one may differ: where two values are equal but for rounding, the order of a sum decides.</summary>
    private const int TiesIn = 1000;

    private T[] initial = [];
    private DeviceBuffer<T>? buffer;

    /// <summary>Its elements.</summary>
    public int Length => length;

    /// <summary>What the naive body reads and writes.</summary>
    public T[] Host { get; private set; } = [];

    /// <summary>What the operation reads and writes.</summary>
    public ArrayView<T> View => buffer!.View;

    /// <inheritdoc/>
    public override unsafe double Bytes => (double)touched * sizeof(T) * BitOperations.PopCount((uint)access);

    /// <inheritdoc/>
    public override void Open(Device device)
    {
        initial = new T[length];
        if (access.HasFlag(Access.Read))
        {
            fill(initial);
        }
        else
        {
            MemoryMarshal.AsBytes(initial.AsSpan()).Fill(0xFF);
        }
        Host = access.HasFlag(Access.Write) ? [.. initial] : initial;
        buffer = device.Allocate<T>(length);
        Restore();
    }

    /// <inheritdoc/>
    public override void Restore()
    {
        initial.CopyTo(Host, 0);
        buffer!.CopyFrom(initial);
    }

    /// <inheritdoc/>
    public override string? Difference()
    {
        if (!access.HasFlag(Access.Write))
        {
            return null;
        }
        var actual = new T[length];
        buffer!.CopyTo(actual);
        return Difference(actual);
    }

    /// <summary>Compares somebody's result with what the naive body wrote.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public string? Difference(T[] actual)
    {
        if (actual.Length != length)
        {
            return $"{name} has {actual.Length} elements in place of {length}";
        }
        if (Host is not float[] expected || actual is not float[] values)
        {
            int wrong = Host.Zip(actual).Count(pair => !pair.First.Equals(pair.Second));
            return wrong * (long)TiesIn > Math.Max(length, TiesIn) ? $"{name} differs in {wrong} of {length} places" : null;
        }
        double limit = Tolerance * expected.Max(MathF.Abs);
        for (int i = 0; i < length; i++)
        {
            // Not "greater than": NaN on either side must not pass.
            if (!(Math.Abs((double)values[i] - expected[i]) <= limit))
            {
                return string.Create(CultureInfo.InvariantCulture, $"{name}[{i}] is {values[i]:R}, the naive body says {expected[i]:R}");
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public override void Dispose() => buffer?.Dispose();
}
