using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>devices</c>: every accelerator found, and why one that was looked for is missing.</summary>
internal sealed class DevicesCommand
{
    private readonly Host host;

    public DevicesCommand(Host host)
    {
        this.host = host;
        Command = new Command("devices", "Lists the accelerators of this machine, which one is selected, and why others are missing.");
        Command.Options.Add(CommonOptions.Accelerator);
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        var output = new Output(host, parsed);
        AcceleratorList list = AcceleratorCatalog.Find();
        AcceleratorInfo selected = list.Select(parsed.GetValue(CommonOptions.Accelerator));
        output.Result(
            [.. list.Found.Select(info => new DeviceDocument(info.Id, info.Id.Split(':')[0], info.Name, info.MemoryBytes, info == selected))],
            Documents.Default.IReadOnlyListDeviceDocument,
            TextTable.Format(["", "id", "name", ">memory"], list.Found.Select(info => (string[])[info == selected ? "*" : " ", info.Id, info.Name, Memory(info.MemoryBytes)])));
        foreach (MissingAccelerator missing in list.Missing)
        {
            output.Talk.WriteLine($"missing: {missing.Kind}: {missing.Reason}");
        }
        return ExitCode.Done;
    }

    private static string Memory(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB");
}
