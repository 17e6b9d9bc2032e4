namespace GpuCnn.Runner.Tests;

/// <summary>What a watcher writes, readable while it writes.</summary>
internal sealed class Pipe : StringWriter
{
    /// <summary>How long a watcher may take for what it is about to do.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();

    /// <summary>Starts to watch.</summary>
    /// <param name="folder">The folder of a run, or of several seeds.</param>
    /// <param name="output">What it writes.</param>
    /// <param name="stop">Ends it, as Ctrl-C does.</param>
    /// <param name="options">Its options.</param>
    public static Task<CommandRun> Watch(string folder, out Pipe output, CancellationToken stop, params string[] options)
    {
        var pipe = output = new Pipe();
        return Task.Run(() => CommandRun.Of(new Host(pipe, new StringWriter()) { Stop = stop }, ["watch", folder, .. options]), CancellationToken.None);
    }

    public override void Write(char value)
    {
        lock (gate)
        {
            base.Write(value);
        }
    }

    public override void Write(string? value)
    {
        lock (gate)
        {
            base.Write(value);
        }
    }

    public override void WriteLine(string? value) => Write(value + "\n");

    public override string ToString()
    {
        lock (gate)
        {
            return base.ToString();
        }
    }

    public async Task WaitFor(string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!ToString().Contains(text, StringComparison.Ordinal))
        {
            await Task.Delay(20, patience.Token);
        }
    }
}
