namespace GpuCnn.Kernels.Tests;

/// <summary>The limits of one multiprocessor.</summary>
/// <remarks>CUDA C++ Programming Guide, "Technical Specifications per Compute Capability"; parts, allocation units and the reserved kilobyte as in cuda_occupancy.h.</remarks>
/// <param name="Capability">Compute capability times ten.</param>
/// <param name="Warps">Resident warps.</param>
/// <param name="Groups">Resident groups.</param>
/// <param name="SharedBytes">Shared memory.</param>
/// <param name="SharedUnit">Shared memory is given out in multiples of it.</param>
/// <param name="ReservedBytes">Shared memory that the system takes of each group.</param>
/// <param name="Parts">Register files; a warp's registers lie in one.</param>
public sealed record Multiprocessor(int Capability, int Warps, int Groups, int SharedBytes, int SharedUnit, int ReservedBytes, int Parts)
{
    /// <summary>Threads of a warp.</summary>
    public const int WarpSize = 32;

    /// <summary>Registers of 32 bits.</summary>
    public const int Registers = 65536;

    /// <summary>A warp's registers are given out in multiples of it.</summary>
    public const int RegisterUnit = 256;

    /// <summary>The most registers of a thread.</summary>
    public const int ThreadRegisters = 255;

    /// <summary>The architectures that kernels are compiled for.</summary>
    public static IReadOnlyList<Multiprocessor> All { get; } =
    [
        new(60, 64, 32, 64 << 10, 256, 0, 2),
        new(70, 64, 32, 96 << 10, 256, 0, 4),
        new(75, 32, 16, 64 << 10, 256, 0, 4),
        new(80, 64, 32, 164 << 10, 128, 1024, 4),
        new(86, 48, 16, 100 << 10, 128, 1024, 4),
        new(89, 48, 24, 100 << 10, 128, 1024, 4),
        new(90, 64, 32, 228 << 10, 128, 1024, 4),
    ];

    /// <summary>The one of a compute capability.</summary>
    public static Multiprocessor Of(int capability) => All.Single(m => m.Capability == capability);

    /// <summary>How many groups of a kernel are resident at once.</summary>
    /// <param name="threads">Threads of a group.</param>
    /// <param name="registers">Registers of a thread.</param>
    /// <param name="sharedBytes">Shared memory of a group.</param>
    public int ResidentGroups(int threads, int registers, int sharedBytes)
    {
        int warps = RoundUp(threads, WarpSize) / WarpSize;
        int warpRegisters = RoundUp(registers * WarpSize, RegisterUnit);
        int shared = RoundUp(sharedBytes + ReservedBytes, SharedUnit);
        // A group must fit when its warps are dealt out evenly; beyond that, each part holds what fits into it.
        if (registers > ThreadRegisters || RoundUp(warps, Parts) * warpRegisters > Registers || shared > SharedBytes)
        {
            return 0;
        }
        int byRegisters = warpRegisters == 0 ? Groups : Registers / Parts / warpRegisters * Parts / warps;
        int byShared = shared == 0 ? Groups : SharedBytes / shared;
        return Math.Min(Math.Min(Groups, Warps / warps), Math.Min(byRegisters, byShared));
    }

    /// <summary>Resident warps of a kernel as a share of the most there can be.</summary>
    /// <param name="threads">Threads of a group.</param>
    /// <param name="registers">Registers of a thread.</param>
    /// <param name="sharedBytes">Shared memory of a group.</param>
    public double Occupancy(int threads, int registers, int sharedBytes) =>
        (double)ResidentGroups(threads, registers, sharedBytes) * (RoundUp(threads, WarpSize) / WarpSize) / Warps;

    private static int RoundUp(int value, int unit) => (value + unit - 1) / unit * unit;
}
