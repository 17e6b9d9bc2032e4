using System.Runtime.CompilerServices;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace GpuCnn.Kernels.Tests;

/// <summary>A fact of a class that a device is a type argument of. Without a CUDA device the CUDA classes have no tests, in place of hundreds of skipped ones;
/// <see cref="CudaTests"/> reports the reason once.</summary>
[XunitTestCaseDiscoverer(typeof(DeviceFactDiscoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class DeviceFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : FactAttribute(file, line);

/// <summary>A theory of such a class.</summary>
[XunitTestCaseDiscoverer(typeof(DeviceTheoryDiscoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class DeviceTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : TheoryAttribute(file, line);

public sealed class DeviceFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        IsWithoutDevice(testMethod) ? new([]) : base.Discover(discoveryOptions, testMethod, factAttribute);

    internal static bool IsWithoutDevice(IXunitTestMethod method)
    {
        for (Type? type = method.TestClass.Class; type is not null; type = type.BaseType)
        {
            if (type.GenericTypeArguments.Any(argument => argument == typeof(Cuda) || argument == typeof(CudaForSizes)))
            {
                return !TestDevices.Has(AcceleratorKind.Cuda);
            }
        }
        return false;
    }
}

public sealed class DeviceTheoryDiscoverer : TheoryDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        DeviceFactDiscoverer.IsWithoutDevice(testMethod) ? new([]) : base.Discover(discoveryOptions, testMethod, factAttribute);
}

/// <summary>Where a machine without CUDA says so.</summary>
public sealed class CudaTests
{
    [Fact]
    public void A_CUDA_device_runs_the_tests() => Assert.Equal(AcceleratorKind.Cuda, TestDevices.Cuda().Info.Kind);
}
