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
    public void A_program_needs_one_namespace_at_most_70_types_and_nothing_of_ILGPU()
    {
        Type[] types = [.. typeof(Device).Assembly.GetExportedTypes(), .. typeof(Network).Assembly.GetExportedTypes()];
        Assert.All(types, type => Assert.Equal("GpuCnn", type.Namespace));
        Assert.InRange(types.Length, 1, 70);
        IEnumerable<MethodBase> methods = types.SelectMany(type => type.GetConstructors().Cast<MethodBase>().Concat(type.GetMethods()));
        Assert.DoesNotContain(methods.SelectMany(method => method.GetParameters()).Select(parameter => parameter.ParameterType),
            type => type.Namespace is { } name && name.StartsWith("ILGPU", StringComparison.Ordinal));
    }
}
