using System.Reflection;
using PublicApiGenerator;
using Xunit;

namespace GpuCnn.Runner.Tests.Packages;

/// <summary>What the package GpuCnn promises: every public member, as a text that is looked at when it changes.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData("GpuCnn.Kernels")]
    [InlineData("GpuCnn.Network")]
    public void The_public_members_are_those_agreed(string assembly) =>
        Snapshot.Matches(Assembly.Load(assembly).GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }), $"{assembly}.txt");

    [Fact]
    public void Names_that_programs_use_are_in_one_namespace_and_each_there_once()
    {
        // Layers and operations share names: whoever builds a model must not need both namespaces.
        Type[] kernels = typeof(Device).Assembly.GetExportedTypes(), network = typeof(Network).Assembly.GetExportedTypes();
        Assert.All(network, type => Assert.Equal("GpuCnn", type.Namespace));
        Assert.Empty(network.Select(type => type.FullName).Intersect(kernels.Select(type => type.FullName)));
        Type[] signatures = [.. network.SelectMany(type => type.GetConstructors().Cast<MethodBase>().Concat(type.GetMethods())).SelectMany(method => method.GetParameters()).Select(parameter => parameter.ParameterType)];
        Assert.DoesNotContain(signatures, type => type.Namespace is { } name && (name == "GpuCnn.Kernels" || name.StartsWith("ILGPU", StringComparison.Ordinal)));
    }
}
