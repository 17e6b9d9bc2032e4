using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using GpuCnn.Runner.Completion;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>What shells offer: asked of the program, and of the shells themselves with its scripts.</summary>
public sealed class CompletionTests(TinyData tiny) : IClassFixture<TinyData>
{
    /// <summary>Set where the shells have been installed, so that one that is not found fails its tests instead of skipping them.</summary>
    private static readonly bool ShellsRequired = Environment.GetEnvironmentVariable("GPUCNN_REQUIRE_SHELLS") == "1";

    public static bool HasBash => Has("bash");

    public static bool HasZsh => Has("zsh");

    public static bool HasFish => Has("fish");

    [Theory]
    [InlineData("gpucnn tr", "train")]
    [InlineData("gpucnn train --mo", "--model")]
    [InlineData("gpucnn train --model ", "cnn1 cnn2 cnn3 small")]
    [InlineData("gpucnn train --model=cnn", "--model=cnn1 --model=cnn2 --model=cnn3")]
    [InlineData("gpucnn --quiet train --model cnn1 --accelerator o", "opencl")]
    [InlineData("gpucnn train --schedule ", "constant cosine one-cycle plateau step")]
    [InlineData("gpucnn evaluate --split ", "test train")]
    [InlineData("gpucnn watch DIR --progress ", "auto live none plain")]
    [InlineData("gpucnn completion ba", "bash")]
    [InlineData("gpucnn train --epochs ", "")]
    [InlineData("gpucnn train --no-such ", "")]
    [InlineData("gpucnn train --model x --no-s", "--no-shuffle")]
    [InlineData("gpucnn fly", "")]
    [InlineData("gpucnn", "")]
    public void The_program_offers_what_its_parser_knows(string line, string expected)
    {
        string directive = string.Create(CultureInfo.InvariantCulture, $"[suggest:{line.Length}]");
        CommandRun run = CommandRun.Of(directive, line);
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Error);
        string[] offered = [.. run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(each => each.Split('\t')[0]).Where(each => expected.Length > 0 || each[0] != '-')];
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), offered);
    }

    [Fact]
    public void Every_option_of_train_is_offered_with_its_description()
    {
        string[] lines = CommandRun.Of("[suggest:13]", "gpucnn train ").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string help = CommandRun.Of("train", "--help").Out;
        string[] options = [.. help.Split('\n').Select(line => line.Trim().Split([' ', ','])[0]).Where(word => word.StartsWith("--", StringComparison.Ordinal))];
        Assert.InRange(options.Length, 15, 100);
        Assert.All(options, option => Assert.Contains(lines, line => line.StartsWith(option + "\t", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("a\\ b c", "a b|c")]
    [InlineData("'a b' \"c 'd\" ", "a b|c 'd|")]
    [InlineData("a\t b", "a|b")]
    [InlineData("\"open quote", "open quote")]
    [InlineData("", "")]
    public void Words_are_those_of_a_shell(string line, string words) => Assert.Equal(words.Split('|'), ShellWords.Split(line));

    [Fact]
    public void Path_options_are_offered_files_or_only_folders()
    {
        string folder = Places();
        Assert.Equal([$"{folder}/a file.txt", $"{folder}/sub/"], Offered($"gpucnn evaluate --weights {folder}/"));
        Assert.Equal([$"{folder}/sub/"], Offered($"gpucnn train --data {folder}/"));
        Assert.Equal([$"--output={folder}/sub/"], Offered($"gpucnn train --output={folder}/s"));
        Assert.Equal([$"{folder}/sub/"], Offered($"gpucnn watch {folder}/"));
        Assert.Equal([$"{folder}/sub/"], Offered($"gpucnn train --resume {folder}/"));
        Assert.Equal([$"{folder}/.hidden"], Offered($"gpucnn evaluate --weights {folder}/.h"));
        Assert.Empty(Offered($"gpucnn evaluate --weights {folder}/none/"));
    }

    [Theory(Skip = "there is no bash here", SkipUnless = nameof(HasBash))]
    [InlineData("gpucnn tr", "train")]
    [InlineData("gpucnn train --model ", "cnn1 cnn2 cnn3 small")]
    [InlineData("gpucnn train --model=cnn", "cnn1 cnn2 cnn3")]
    [InlineData("gpucnn evaluate --weights DIR/", "DIR/a\\ file.txt DIR/sub/")]
    public void Bash_completes(string line, string expected)
    {
        string folder = Places();
        line = line.Replace("DIR", folder, StringComparison.Ordinal);
        // As readline calls it: the words parted at = too.
        string words = string.Join(' ', line.Replace("=", " = ", StringComparison.Ordinal).Split(' ').Select(word => $"'{word}'"));
        string answer = Shell("bash", $"""
            source <(gpucnn completion bash)
            complete -p gpucnn >/dev/null
            compopt() {"{ :; }"}
            COMP_WORDS=({words}) COMP_CWORD=$(({words.Split("' '").Length} - 1)) COMP_LINE='{line}' COMP_POINT={line.Length} COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
            _gpucnn gpucnn
            printf '%s\n' "${"{COMPREPLY[@]}"}"
            """);
        Assert.Equal(expected.Replace("DIR", folder, StringComparison.Ordinal).Replace("\\ ", "\\_", StringComparison.Ordinal).Split(' '),
            answer.Replace("\\ ", "\\_", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory(Skip = "there is no fish here", SkipUnless = nameof(HasFish))]
    [InlineData("gpucnn tr", "train")]
    [InlineData("gpucnn train --model ", "cnn1|cnn2|cnn3|small")]
    [InlineData("gpucnn train --model=cnn", "--model=cnn1|--model=cnn2|--model=cnn3")]
    [InlineData("gpucnn evaluate --weights DIR/", "DIR/a file.txt|DIR/sub/")]
    public void Fish_completes(string line, string expected)
    {
        string folder = Places();
        string answer = Shell("fish", $"gpucnn completion fish | source; complete -C '{line.Replace("DIR", folder, StringComparison.Ordinal)}'");
        Assert.Equal(expected.Replace("DIR", folder, StringComparison.Ordinal).Split('|'), answer.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(each => each.Split('\t')[0]));
    }

    [Theory(Skip = "there is no zsh here", SkipUnless = nameof(HasZsh))]
    [InlineData("gpucnn tra", "gpucnn train ")]
    [InlineData("gpucnn train --mod", "gpucnn train --model ")]
    [InlineData("gpucnn completion pow", "gpucnn completion powershell ")]
    [InlineData("gpucnn watch DIR/s", "gpucnn watch DIR/sub/")]
    public void Zsh_completes(string line, string expected)
    {
        string folder = Places();
        // Only a shell at a terminal completes; zsh can make one for another.
        string answer = Shell("zsh", $$"""
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "PS1=; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -D -u; source <(gpucnn completion zsh)"
            zpty -w shell 'report() { print -r -- "<<$BUFFER>>"; BUFFER=; }; complete-and-report() { zle expand-or-complete; report }; zle -N complete-and-report; bindkey "^T" complete-and-report; print ready""!'
            zpty -r shell output '*ready!*'
            zpty -w -n shell '{{line.Replace("DIR", folder, StringComparison.Ordinal)}}'$'\C-t'
            zpty -r shell output '*<<*>>*'
            print -r -- "$output"
            zpty -d shell
            """);
        Assert.Contains($"<<{expected.Replace("DIR", folder, StringComparison.Ordinal)}>>", answer.Replace("\r", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpucnn tr", "train")]
    [InlineData("gpucnn train --model ", "cnn1|cnn2|cnn3|small")]
    [InlineData("gpucnn evaluate --weights DIR/", "'DIR/a file.txt'|DIR/sub/")]
    public void PowerShell_completes(string line, string expected)
    {
        string folder = Places();
        line = line.Replace("DIR", folder, StringComparison.Ordinal);
        using var shell = PowerShell.Create(InitialSessionState.CreateDefault2());
        shell.AddScript($"function gpucnn {"{"} & dotnet '{Program}' @args {"}"}\n" + CommandRun.Of("completion", "powershell").Out).Invoke();
        Assert.Empty(shell.Streams.Error);
        shell.Commands.Clear();
        CommandCompletion answer = CommandCompletion.CompleteInput(line, line.Length, null, shell);
        Assert.Equal(expected.Replace("DIR", folder, StringComparison.Ordinal).Split('|'), answer.CompletionMatches.Select(match => match.CompletionText));
    }

    [Fact]
    public void An_unknown_shell_is_refused()
    {
        CommandRun run = CommandRun.Of("completion", "tcsh");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("give bash, zsh, fish, powershell", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "gpucnn.dll");

    private static string[] Offered(string line) => CommandRun.Of($"[suggest:{line.Length}]", line).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static bool Has(string shell)
    {
        bool found = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, shell)));
        return found || ShellsRequired;
    }

    private string Places()
    {
        string folder = tiny.New("places");
        Directory.CreateDirectory(Path.Combine(folder, "sub"));
        File.WriteAllText(Path.Combine(folder, "a file.txt"), "");
        File.WriteAllText(Path.Combine(folder, ".hidden"), "");
        return folder;
    }

    /// <summary>Runs a script in a shell that finds this build as gpucnn.</summary>
    private string Shell(string shell, string script)
    {
        string bin = tiny.New("bin");
        Directory.CreateDirectory(bin);
        string command = Path.Combine(bin, "gpucnn");
        File.WriteAllText(command, $"#!/bin/sh\nexec dotnet '{Program}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        var start = new ProcessStartInfo(shell) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}";
        foreach (string arg in (string[])[.. shell == "zsh" ? ["-f", "-c"] : (string[])["-c"], script])
        {
            start.ArgumentList.Add(arg);
        }
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{shell} ended with {process.ExitCode}: {error.Result}");
        return answer;
    }
}
