using System.CommandLine;

namespace GpuCnn.Runner.CommandLine;

/// <summary>Options of every command: how much it says, and in which form.</summary>
internal static class OutputOptions
{
    public static Option<bool> Json { get; } = Everywhere("--json", "Write the result as one JSON document to standard output, and all else to standard error");

    public static Option<bool> Quiet { get; } = Everywhere("--quiet", "Write only the result; train also writes a line an epoch");

    public static Option<bool> Verbose { get; } = Everywhere("--verbose", "Show the stack trace of an error");

    private static Option<bool> Everywhere(string name, string help)
    {
        Option<bool> option = Flag.Switch(name, help);
        option.Recursive = true;
        return option;
    }
}
