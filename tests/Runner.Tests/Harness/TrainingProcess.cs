using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>The program in a process of its own, which can be sent signals.</summary>
internal sealed class TrainingProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process process;
    private readonly StringBuilder output = new(), error = new();
    private readonly Lock gate = new();
    private readonly Task reading;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TrainingProcess(Process process, bool reads)
    {
        this.process = process;
        reading = reads ? Task.WhenAll(Read(process.StandardOutput, output), Read(process.StandardError, error)) : Task.CompletedTask;
    }

    public static bool HasSignals => !OperatingSystem.IsWindows();

    public int Id => process.Id;

    /// <summary>What it returned; 128 and the signal's number when a signal ended it.</summary>
    public int ExitCode => process.ExitCode;

    public string Out => Text(output);

    public string Error => Text(error);

    /// <summary>Starts the program.</summary>
    /// <param name="reads">Whether what it writes is read; else it waits when the pipe is full.</param>
    /// <param name="args">Its arguments.</param>
    public static TrainingProcess Start(bool reads, params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "gpucnn.dll");
        string dotnet = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        // In the background of a script Ctrl-C is ignored, under nohup a closed terminal, and the program would inherit that. Whether it is so cannot be asked while other tests listen to signals.
        string[] command = [.. OperatingSystem.IsLinux() ? (string[])["env", "--default-signal=INT,HUP,TERM"] : [], dotnet, program, .. args];
        return new TrainingProcess(Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!, reads);
    }

    /// <summary>Waits until it has written a text to standard output.</summary>
    public async Task WaitFor(string text)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (output.ToString().Contains(text, StringComparison.Ordinal))
                {
                    return;
                }
                next = changed.Task;
            }
            Assert.False(reading.IsCompleted, $"it ended without '{text}': {Out}{Error}");
            await Task.WhenAny(next, reading).WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Ends it as a power cut would: it is asked nothing.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Send(string signal)
    {
        using Process kill = Process.Start("kill", ["-s", signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits for its end.</summary>
    /// <param name="atMost">How long.</param>
    /// <returns>Whether it ended.</returns>
    public async Task<bool> Ends(TimeSpan? atMost = null)
    {
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(atMost ?? Patience, TestContext.Current.CancellationToken);
            await reading.WaitAsync(Patience, TestContext.Current.CancellationToken);
            return true;
        }
        catch (TimeoutException) when (atMost is not null)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }
        process.Dispose();
    }

    private async Task Read(StreamReader reader, StringBuilder into)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (gate)
            {
                into.Append(line).Append('\n');
                changed.TrySetResult();
                changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    private string Text(StringBuilder text)
    {
        lock (gate)
        {
            return text.ToString();
        }
    }
}
