using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Sums over neighbouring threads of a group, added as a tree in shared memory: always in the same order, without warp instructions, which OpenCL lacks.</summary>
internal static class GroupSum
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>Adds up each thread's value; all threads of the group must come here, and all get the sum of theirs.</summary>
    /// <param name="room">Shared memory, one element a thread; free again afterwards.</param>
    /// <param name="value">This thread's.</param>
    /// <param name="lanes">How many neighbours belong together, a power of two.</param>
    public static float Of(ArrayView<float> room, float value, int lanes)
    {
        int thread = Group.IdxX, lane = thread & (lanes - 1);
        room[thread] = value;
        for (int half = lanes >> 1; half > 0; half >>= 1)
        {
            Group.Barrier();
            if (lane < half)
            {
                value += room[thread + half];
                room[thread] = value;
            }
        }
        Group.Barrier();
        float sum = room[thread - lane];
        Group.Barrier();
        return sum;
    }

    /// <summary>The same of integers.</summary>
    /// <param name="room">Shared memory, one element a thread; free again afterwards.</param>
    /// <param name="value">This thread's.</param>
    /// <param name="lanes">How many neighbours belong together, a power of two.</param>
    public static int Of(ArrayView<int> room, int value, int lanes)
    {
        int thread = Group.IdxX, lane = thread & (lanes - 1);
        room[thread] = value;
        for (int half = lanes >> 1; half > 0; half >>= 1)
        {
            Group.Barrier();
            if (lane < half)
            {
                value += room[thread + half];
                room[thread] = value;
            }
        }
        Group.Barrier();
        int sum = room[thread - lane];
        Group.Barrier();
        return sum;
    }
}
