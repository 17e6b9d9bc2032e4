using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Where a machine without an accelerator says so: its tests, of all projects, are left out.</summary>
public sealed class AcceleratorPresenceTests
{
    /// <summary>The environment variable that turns "no OpenCL device" into a failure; the gate sets it.</summary>
    private const string RequireOpenCL = "GPUCNN_REQUIRE_OPENCL";

    /// <summary>The same for CUDA; the GPU benchmark sets it.</summary>
    private const string RequireCuda = "GPUCNN_REQUIRE_CUDA";

    [Theory]
    [InlineData(AcceleratorKind.OpenCL, RequireOpenCL)]
    [InlineData(AcceleratorKind.Cuda, RequireCuda)]
    public void A_device_runs_the_tests(AcceleratorKind kind, string required)
    {
        if (!Machine.Has(kind))
        {
            string reason = $"no {kind} device, so that its tests are left out: {Machine.ReasonFor(kind)}";
            Assert.SkipUnless(Environment.GetEnvironmentVariable(required) == "1", reason);
            Assert.Fail($"{reason} ({required}=1 asks for one)");
        }
    }
}
