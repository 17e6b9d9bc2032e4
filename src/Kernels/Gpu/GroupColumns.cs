using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>How the threads of a group share a chunk of a matrix's rows: neighbours take neighbouring columns, four each where rows are aligned, so that a row is read in one piece; threads of the
/// same columns take every so many rows each, and a tree in shared memory adds up what they have, always in the same order.</summary>
internal readonly struct GroupColumns
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    private readonly int columns, vector, strips;

    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="vector">1 when rows can be read and written four elements at a time.</param>
    public GroupColumns(int columns, int vector)
    {
        this.columns = columns;
        this.vector = vector;
        int width = vector != 0 ? Float4.Count : 1;
        strips = 1;
        while (strips < Threads && strips * width < columns)
        {
            strips *= 2;
        }
    }

    /// <summary>Which chunk this group has.</summary>
    public int Chunk => Grid.IdxX / Across;

    /// <summary>This thread's first column; it may lie behind the last one.</summary>
    public int Column => Width * ((Grid.IdxX % Across * strips) + (Group.IdxX % strips));

    /// <summary>The first row of the chunk that is this thread's; 0 has the result.</summary>
    public int Lane => Group.IdxX / strips;

    /// <summary>How many rows further its next one is.</summary>
    public int Lanes => Threads / strips;

    private int Width => vector != 0 ? Float4.Count : 1;

    /// <summary>Groups side by side.</summary>
    private int Across => ((columns - 1) / (Width * strips)) + 1;

    /// <summary>The launch.</summary>
    public KernelConfig Shape(int chunks) => (chunks * Across, Threads);

    /// <summary>This thread's columns of a row: four, or one and zeros.</summary>
    public Float4 Load(ArrayView<float> view, long at) => vector != 0 ? Float4.Load(view, at) : new(view[at], 0f, 0f, 0f);

    /// <summary>Stores this thread's columns.</summary>
    public void Store(Float4 values, ArrayView<float> view, long at)
    {
        if (vector != 0)
        {
            values.Store(view, at);
            return;
        }
        view[at] = values.X;
    }

    /// <summary>Adds up what the threads of the same columns have; all threads of the group must come here, and the first lane gets the sum.</summary>
    /// <remarks>Only the first lane, which reads nothing behind the last barrier: ILGPU 1.5.3 may move a load of four floats over a barrier to where they are used, and another thread may have
    /// written there by then.</remarks>
    /// <param name="room">Shared memory, four elements a thread.</param>
    /// <param name="value">This thread's.</param>
    public Float4 Sum(ArrayView<float> room, Float4 value)
    {
        int lane = Lane;
        // Others may still read what an earlier sum left.
        Group.Barrier();
        value.Store(room, Float4.Count * Group.IdxX);
        for (int half = Lanes >> 1; half > 0; half >>= 1)
        {
            Group.Barrier();
            if (lane < half)
            {
                value += Float4.Load(room, Float4.Count * (Group.IdxX + (half * strips)));
                value.Store(room, Float4.Count * Group.IdxX);
            }
        }
        return value;
    }

    /// <summary>The first lane's value, for all threads of the same columns; all threads of the group must come here.</summary>
    /// <param name="room">Shared memory, four elements a thread, which nobody writes to again.</param>
    /// <param name="value">The first lane's.</param>
    public Float4 OfFirstLane(ArrayView<float> room, Float4 value)
    {
        if (Lane == 0)
        {
            value.Store(room, Float4.Count * Group.IdxX);
        }
        Group.Barrier();
        return Float4.Load(room, Float4.Count * (Group.IdxX % strips));
    }
}
