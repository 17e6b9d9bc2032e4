using System.Runtime.CompilerServices;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace GpuCnn.Kernels.Tests;

/// <summary>A fact of a class that a device is a type argument of. Classes of a device that the machine lacks have no tests.</summary>
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
            if (type.GenericTypeArguments.FirstOrDefault(typeof(ITestDevice).IsAssignableFrom) is { } device)
            {
                return !Machine.Has((AcceleratorKind)device.GetProperty(nameof(ITestDevice.Kind))!.GetValue(null)!);
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
