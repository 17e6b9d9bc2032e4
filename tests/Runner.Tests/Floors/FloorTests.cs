using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace GpuCnn.Runner.Tests.Floors;

/// <summary>The floors of each project: a file refers to files of its own floor and of those below.</summary>
public sealed class FloorTests(ITestOutputHelper output)
{
    /// <summary>From the lowest; folders that stand beside each other do not see each other. "." is what lies in no folder.</summary>
    private static readonly Dictionary<string, string[][]> Plan = new()
    {
        ["Kernels"] = [["Shapes"], ["Cpu", "Gpu"], ["."], ["Accelerators"], ["Ops"]],
        ["Network"] = [["Files"], ["Tensors"], ["Data", "Options"], ["Model"], ["Runtime"], ["Training"], ["Evaluation"], ["Export"], ["Examples"]],
    };

    public static TheoryData<string> Projects => [.. Plan.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_file_refers_to_a_floor_above_its_own(string project)
    {
        ReferenceGraph graph = Read(project);
        string[] upward = [.. graph.Files.SelectMany(file => graph.Of(file).Where(other => !MaySee(project, file, other)).Select(other => $"{file} -> {other}")).Order()];
        output.WriteLine($"{project}: {graph.Files.Count} files");
        IReadOnlyList<string> circle = graph.LargestCircle();
        output.WriteLine($"largest circle: {circle.Count} files: {string.Join(", ", circle.Order())}");
        Assert.True(upward.Length == 0, $"{upward.Length} references go up:\n{string.Join('\n', upward)}");
        Assert.Single(circle.Select(FolderOf).Distinct());
    }

    [Fact]
    public void Every_folder_has_its_floor()
    {
        foreach ((string project, string[][] floors) in Plan)
        {
            Assert.Equal(floors.SelectMany(floor => floor).Order(), Read(project).Files.Select(FolderOf).Distinct().Order());
        }
    }

    private static bool MaySee(string project, string file, string other)
    {
        (string own, string seen) = (FolderOf(file), FolderOf(other));
        return own == seen || Array.FindIndex(Plan[project], floor => floor.Contains(seen)) < Array.FindIndex(Plan[project], floor => floor.Contains(own));
    }

    private static string FolderOf(string file) => file.Contains('/', StringComparison.Ordinal) ? file[..file.IndexOf('/', StringComparison.Ordinal)] : ".";

    private static ReferenceGraph Read(string project, [CallerFilePath] string here = "")
    {
        string source = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src", project)), name = project == "Runner" ? "gpucnn" : $"GpuCnn.{project}";
        return new ReferenceGraph(Assembly.Load(name).Location, source);
    }
}
