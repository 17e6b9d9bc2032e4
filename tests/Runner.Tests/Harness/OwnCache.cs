using System.Runtime.CompilerServices;

namespace GpuCnn.Runner.Tests;

/// <summary>Gives the tests a cache folder of their own, which is removed when they end: the user's is left alone, and nothing is found from a run before.</summary>
internal static class OwnCache
{
    [ModuleInitializer]
    internal static void Make()
    {
        string folder = Directory.CreateTempSubdirectory("gpucnn-cache-").FullName;
        Environment.SetEnvironmentVariable("GPUCNN_CACHE", folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
    }
}
