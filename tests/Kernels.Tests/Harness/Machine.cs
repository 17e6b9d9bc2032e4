using System.Runtime.CompilerServices;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace GpuCnn.Kernels.Tests;

/// <summary>The accelerators of this machine. Tests of one that is missing do not exist, in place of thousands of skipped ones; AcceleratorPresenceTests report the reason once.</summary>
public static class Machine
{
    private static readonly Lazy<AcceleratorList> Catalog = new(AcceleratorCatalog.Find);

    /// <summary>What it has and what not.</summary>
    internal static AcceleratorList Found => Catalog.Value;

    /// <summary>Names of the CPU and, where there is one, of the OpenCL device.</summary>
    public static TheoryData<string> Accelerators => new(Names);

    /// <summary>The same as a list.</summary>
    public static IReadOnlyList<string> Names => Has(AcceleratorKind.OpenCL) ? ["cpu", "opencl"] : ["cpu"];

    /// <summary>Whether there is a device of a kind.</summary>
    public static bool Has(AcceleratorKind kind) => Found.Found.Any(a => a.Kind == kind);

    /// <summary>Why there is none of a kind.</summary>
    public static string ReasonFor(AcceleratorKind kind) => string.Join("; ", Found.Missing.Where(m => m.Kind == kind).Select(m => m.Reason));
}

/// <summary>A fact that needs an OpenCL device.</summary>
[XunitTestCaseDiscoverer(typeof(OpenCLFactDiscoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class OpenCLFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : FactAttribute(file, line);

/// <summary>A theory that needs one.</summary>
[XunitTestCaseDiscoverer(typeof(OpenCLTheoryDiscoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class OpenCLTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : TheoryAttribute(file, line);

public sealed class OpenCLFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        Machine.Has(AcceleratorKind.OpenCL) ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
}

public sealed class OpenCLTheoryDiscoverer : TheoryDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        Machine.Has(AcceleratorKind.OpenCL) ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
}
