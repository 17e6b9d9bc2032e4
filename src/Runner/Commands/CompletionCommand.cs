using System.CommandLine;

namespace GpuCnn.Runner.Commands;

/// <summary><c>completion</c>: the script that makes a shell complete this program's command lines.</summary>
internal sealed class CompletionCommand
{
    private readonly Argument<string> shell = new("shell") { Description = "bash, zsh, fish or powershell", HelpName = "SHELL" };

    private readonly Host host;

    public CompletionCommand(Host host)
    {
        this.host = host;
        Command = new Command("completion", """
            Prints the script that completes commands, options, values and paths in a shell. To install it:
              bash        gpucnn completion bash > ~/.local/share/bash-completion/completions/gpucnn
                          (or, without the package bash-completion, in ~/.bashrc: source <(gpucnn completion bash))
              zsh         gpucnn completion zsh > FOLDER/_gpucnn, with FOLDER in $fpath before compinit runs
              fish        gpucnn completion fish > ~/.config/fish/completions/gpucnn.fish
              powershell  gpucnn completion powershell >> $PROFILE
            """);
        shell.CompletionSources.Clear();
        shell.CompletionSources.Add([.. Scripts.Keys]);
        Command.Arguments.Add(shell);
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private static Dictionary<string, string> Scripts { get; } = new() { ["bash"] = "gpucnn.bash", ["zsh"] = "gpucnn.zsh", ["fish"] = "gpucnn.fish", ["powershell"] = "gpucnn.ps1" };

    private int Run(ParseResult parsed)
    {
        string name = parsed.GetRequiredValue(shell);
        if (!Scripts.TryGetValue(name, out string? resource))
        {
            throw new OptionException("completion", $"no script for '{name}': give {string.Join(", ", Scripts.Keys)}");
        }
        using var script = new StreamReader(typeof(CompletionCommand).Assembly.GetManifestResourceStream(resource)!);
        host.Out.Write(script.ReadToEnd());
        return ExitCode.Done;
    }
}
