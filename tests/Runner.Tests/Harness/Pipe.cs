namespace GpuCnn.Runner.Tests;

/// <summary>What a watcher writes, readable while it writes.</summary>
internal sealed class Pipe : StringWriter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();

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
