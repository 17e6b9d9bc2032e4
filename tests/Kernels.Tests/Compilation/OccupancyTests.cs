using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>The occupancy calculator and the reader of ptxas's output against published and hand-counted values.</summary>
public sealed class OccupancyTests
{
    /// <remarks>The first two: CUDA C++ Best Practices Guide, "Calculating Occupancy" (75 % and 63 %). The guide of each architecture's tuning: 32 registers are the most for all 2,048
    /// threads. The others by hand, each bound by another limit: registers of a part, warps, groups, shared memory, a group that does not fit.</remarks>
    [Theory]
    [InlineData(70, 128, 37, 0, 12, 0.75)]
    [InlineData(70, 320, 37, 0, 4, 0.625)]
    [InlineData(70, 256, 32, 0, 8, 1.0)]
    [InlineData(70, 256, 33, 0, 6, 0.75)]
    [InlineData(80, 256, 64, 0, 4, 0.5)]
    [InlineData(60, 128, 37, 0, 12, 0.75)]
    [InlineData(60, 192, 56, 0, 6, 0.5625)]
    [InlineData(75, 1024, 32, 0, 1, 1.0)]
    [InlineData(75, 256, 128, 0, 2, 0.5)]
    [InlineData(86, 256, 32, 0, 6, 1.0)]
    [InlineData(86, 32, 32, 0, 16, 0.3333)]
    [InlineData(89, 32, 32, 0, 24, 0.5)]
    [InlineData(90, 32, 16, 0, 32, 0.5)]
    [InlineData(80, 256, 32, 49152, 3, 0.375)]
    [InlineData(90, 256, 32, 49152, 4, 0.5)]
    [InlineData(86, 256, 32, 33792, 2, 0.3333)]
    [InlineData(70, 1024, 65, 0, 0, 0.0)]
    [InlineData(75, 256, 32, 65537, 0, 0.0)]
    [InlineData(80, 256, 256, 0, 0, 0.0)]
    public void Is_what_NVIDIAs_rules_give(int capability, int threads, int registers, int shared, int groups, double occupancy)
    {
        Assert.Equal(groups, Multiprocessor.Of(capability).ResidentGroups(threads, registers, shared));
        Assert.Equal(occupancy, Multiprocessor.Of(capability).Occupancy(threads, registers, shared), 0.0001);
    }

    [Fact]
    public void Every_compiled_architecture_has_limits() =>
        Assert.Equal(GpuCompiler.Targets.Select(t => t.Capability), Multiprocessor.All.Select(m => m.Capability));

    [Fact]
    public void Reads_registers_shared_memory_stack_and_spills()
    {
        const string Info = "ptxas info    : Function properties for k\n    {0} bytes stack frame, {1} bytes spill stores, {2} bytes spill loads\nptxas info    : Used {3} registers, {4}400 bytes cmem[0]\n";
        Assert.Equal(new KernelUsage(40, 8192, 0, 0), Ptxas.Parse(string.Format(null, Info, 0, 0, 0, 40, "used 1 barriers, 8192 bytes smem, ")));
        Assert.Equal(new KernelUsage(40, 8192, 0, 0), Ptxas.Parse(string.Format(null, Info, 0, 0, 0, 40, "8192 bytes smem, ")));
        Assert.Equal(new KernelUsage(16, 0, 24, 12), Ptxas.Parse(string.Format(null, Info, 24, 4, 8, 16, "")));
    }
}
