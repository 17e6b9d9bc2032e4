using System.Reflection;

namespace GpuCnn.Runner;

/// <summary>The program's version and the commit it was built from.</summary>
internal static class ProgramVersion
{
    public static string Text { get; } = typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
