using System.Text.Json;
using GpuCnn.Kernels;

namespace GpuCnn.Runner.Tests;

/// <summary>A command run in this process, and what came of it.</summary>
internal sealed record CommandRun(int ExitCode, string Out, string Error)
{
    /// <summary>The lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Standard output as the one JSON document that it must be.</summary>
    public JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Out);
            return document.RootElement.Clone();
        }
    }

    public static CommandRun Of(params string[] args) => Of(new Host(new StringWriter(), new StringWriter()) { Runs = "a-folder-no-test-may-create" }, args);

    /// <summary>Runs with a host that was made with string writers.</summary>
    public static CommandRun Of(Host host, params string[] args)
    {
        int code = Program.Run(args, host);
        return new CommandRun(code, host.Out.ToString()!, host.Error.ToString()!);
    }

    /// <summary>Runs a command with something done at each launch of its device.</summary>
    /// <param name="args">The command.</param>
    /// <param name="atLaunch">Told the launch's number, from 1.</param>
    /// <param name="stop">Ends the command when cancelled, as Ctrl-C does; null for nothing.</param>
    public static CommandRun Watched(string[] args, Action<int>? atLaunch = null, CancellationTokenSource? stop = null)
    {
        int launches = 0;
        Device.Interceptor.Value = activity =>
        {
            if (activity == DeviceActivity.Launch)
            {
                atLaunch?.Invoke(++launches);
            }
        };
        try
        {
            return Of(new Host(new StringWriter(), new StringWriter()) { Stop = stop?.Token ?? CancellationToken.None }, args);
        }
        finally
        {
            Device.Interceptor.Value = null;
        }
    }

    /// <summary>The names of a JSON object's members, in order.</summary>
    public static string[] Keys(JsonElement element) => [.. element.EnumerateObject().Select(member => member.Name)];
}
