using System.Runtime.InteropServices;
using System.Text;
using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>A test of one operation with one set of sizes: a name and the steps that fill its operands, run it and state what is expected.</summary>
/// <param name="Name">The sizes.</param>
/// <param name="Run">The steps.</param>
/// <param name="Work">Multiply-adds of a product done in whole GPU tiles; 0 for operations that are no products.</param>
public sealed record OpCase(string Name, Action<Trial> Run, long Work = 0)
{
    /// <summary>The most work of a case that is run: GPUCNN_LARGEST_CASE, set where kernels are interpreted; else all are.</summary>
    public static long LargestWork { get; } = long.TryParse(Environment.GetEnvironmentVariable("GPUCNN_LARGEST_CASE"), out long work) ? work : long.MaxValue;

    /// <summary>The work of a product in tiles of 64 x 64, 16 deep.</summary>
    public static long Tiles(long rows, long columns, long depth) => (rows + 127) / 128 * 128 * ((columns + 63) / 64 * 64) * ((depth + 15) / 16 * 16);

    /// <summary>A seed of its own, the same in every run.</summary>
    public int Seed => Encoding.UTF8.GetBytes(Name).Aggregate(17, (hash, b) => unchecked((hash * 31) + b)) & 0xFFFFFF;

    public override string ToString() => Name;
}

/// <summary>One run of an <see cref="OpCase"/> on a device. Operands lie inside larger buffers: guard zones before and behind them hold a pattern that is NaN
/// as a float, so that what is read there spoils results and what is written there is noticed. Views start at no cache line unless asked for.</summary>
/// <param name="device">The device.</param>
/// <param name="test">The case.</param>
/// <param name="shortened">Which operand, in the order of their creation, gets a view that is one element too short; negative for none.</param>
/// <param name="before">Elements before each operand: one of <see cref="Places"/>.</param>
public sealed class Trial(Device device, OpCase test, int shortened = -1, int before = 3) : IDisposable
{
    private readonly List<Operand> operands = [];

    /// <summary>Elements before each operand: 3 so that no 128-bit access is aligned, 16 so that it is wherever the sizes allow it. GPU bodies have a path for each.</summary>
    public static IReadOnlyList<int> Places { get; } = [3, 16];

    /// <summary>The device.</summary>
    public Device Device => device;

    /// <summary>Random numbers of the case's own.</summary>
    public Random Random { get; } = new(test.Seed);

    /// <summary>The results that were compared with a reference.</summary>
    public List<(string Name, float[] Values, Tolerance Tolerance)> Compared { get; } = [];

    /// <summary>All operands.</summary>
    public IReadOnlyList<Operand> Operands => operands;

    /// <summary>How a message names this run.</summary>
    public string Title => $"{test.Name} on {device.Info.Id} with {device.Workers} worker(s), seed {test.Seed}";

    /// <summary>Memory that the operation only reads.</summary>
    /// <param name="values">What it holds.</param>
    /// <param name="defines">Whether its length is a size, so that no length is too short.</param>
    public ArrayView<T> Input<T>(T[] values, bool defines = false) where T : unmanaged => Add($"input {operands.Count}", values, false, !defines).View;

    /// <summary>Memory that the operation overwrites: full of NaN.</summary>
    public Operand<T> Output<T>(string name, int length) where T : unmanaged => Add(name, Operand<T>.Poison(length, operands.Count), true, true);

    /// <summary>Memory that the operation changes.</summary>
    public Operand<T> InOut<T>(string name, T[] values) where T : unmanaged => Add(name, values, true, true);

    /// <summary>Compares a float result with the reference.</summary>
    public void Expect(Operand<float> output, ReadOnlySpan<double> expected, Tolerance tolerance, params ReadOnlySpan<int> sizes) =>
        Expect(output.Name, output.Read(), expected, tolerance, sizes);

    /// <summary>Compares what was computed from a result with the reference.</summary>
    public void Expect(string name, float[] values, ReadOnlySpan<double> expected, Tolerance tolerance, params ReadOnlySpan<int> sizes)
    {
        Compared.Add((name, values, tolerance));
        Near.Equal($"{name} of {Title}", values, expected, tolerance, sizes);
    }

    /// <summary>Compares an integer result with the reference; places without an expected value are not looked at.</summary>
    public void Expect<T>(Operand<T> output, ReadOnlySpan<int?> expected, params ReadOnlySpan<int> sizes) where T : unmanaged, IConvertible
    {
        T[] actual = output.Read();
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            int value = actual[i].ToInt32(null);
            Assert.True(expected[i] is not { } e || e == value, $"{output.Name} of {Title} at {Near.Index(i, sizes)}: {value}, expected {expected[i]}");
        }
    }

    /// <summary>Fails when a guard zone or an input has changed.</summary>
    public void CheckMemory()
    {
        foreach (Operand operand in operands)
        {
            operand.Check(Title);
        }
    }

    public void Dispose()
    {
        foreach (Operand operand in operands)
        {
            operand.Dispose();
        }
    }

    private Operand<T> Add<T>(string name, T[] values, bool written, bool mayBeShort) where T : unmanaged
    {
        var operand = new Operand<T>(device, name, values, written, mayBeShort, mayBeShort && operands.Count == shortened, before, operands.Count);
        operands.Add(operand);
        return operand;
    }
}

/// <summary>An operand of unknown element type.</summary>
public abstract class Operand(string name, bool mayBeShort) : IDisposable
{
    /// <summary>Its name in messages.</summary>
    public string Name => name;

    /// <summary>Whether the operation must refuse a shorter one.</summary>
    public bool MayBeShort => mayBeShort;

    /// <summary>The content as bytes.</summary>
    public abstract byte[] Bits();

    public abstract void Dispose();

    internal abstract void Check(string title);
}

/// <summary>Device memory between guard zones; the one behind is longer than a row of any case, so that a row too many falls into it. With GPUCNN_NO_GUARDS=1 there are none: a
/// device that checks every access then sees each operand as a buffer of its own.</summary>
public sealed class Operand<T> : Operand where T : unmanaged
{
    private static readonly bool Guarded = Environment.GetEnvironmentVariable("GPUCNN_NO_GUARDS") != "1";

    private readonly DeviceBuffer<T> buffer;
    private readonly T[] initial;
    private readonly bool written;
    private readonly int before, behind, number;

    internal Operand(Device device, string name, T[] values, bool written, bool mayBeShort, bool shortened, int before, int number) : base(name, mayBeShort)
    {
        initial = values;
        this.before = Guarded ? before : 0;
        this.written = written;
        this.number = number;
        // No device has buffers without elements.
        behind = Guarded ? 1200 : values.Length == 0 ? 1 : 0;
        buffer = device.Allocate<T>(this.before + values.Length + behind);
        buffer.CopyFrom([.. Poison(this.before, number), .. values, .. Poison(behind, number)]);
        View = buffer.View.SubView(this.before, values.Length - (shortened ? 1 : 0));
    }

    /// <summary>What the operation gets.</summary>
    public ArrayView<T> View { get; }

    public static implicit operator ArrayView<T>(Operand<T> operand) => operand.View;

    /// <summary>The content now.</summary>
    public T[] Read() => All()[before..^behind];

    public override byte[] Bits() => MemoryMarshal.AsBytes(Read().AsSpan()).ToArray();

    public override void Dispose() => buffer.Dispose();

    /// <remarks>A signalling NaN, another one for each operand: arithmetic makes it a quiet one, and a copy has the number of where it came from, so that an element-wise operation that
    /// goes too far does not leave what it finds.</remarks>
    internal static T[] Poison(int length, int number)
    {
        var values = new T[length];
        if (Marshal.SizeOf<T>() == sizeof(uint))
        {
            MemoryMarshal.Cast<T, uint>(values.AsSpan()).Fill(0x7F8ACA00u + (uint)number);
        }
        else
        {
            MemoryMarshal.AsBytes(values.AsSpan()).Fill((byte)(0xEE - number));
        }
        return values;
    }

    internal override void Check(string title)
    {
        T[] all = All();
        Assert.True(Same(all.AsSpan(0, before), Poison(before, number)), $"{Name} of {title}: the guard zone before it has changed");
        Assert.True(Same(all.AsSpan(before + initial.Length), Poison(behind, number)), $"{Name} of {title}: the guard zone behind it has changed");
        Assert.True(written || Same(all.AsSpan(before, initial.Length), initial), $"{Name} of {title} is an input and has changed");
    }

    private static bool Same(ReadOnlySpan<T> a, ReadOnlySpan<T> b) => MemoryMarshal.AsBytes(a).SequenceEqual(MemoryMarshal.AsBytes(b));

    private T[] All()
    {
        var all = new T[buffer.Length];
        buffer.CopyTo(all);
        return all;
    }
}
