using System.CommandLine;
using System.Text.RegularExpressions;
using GpuCnn.Runner.CommandLine;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>What help says of defaults.</summary>
public sealed partial class HelpTests
{
    public static TheoryData<string> Commands => [.. Root().Subcommands.Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_default_that_help_shows_is_one_that_the_parser_takes(string command)
    {
        string help = CommandRun.Of(command, "--help").Out;
        int expected = command is "train" ? 25 : command is "models" ? 1 : 0, found = 0;
        foreach (Match line in Lines().Matches(help))
        {
            (string flag, string shown) = (line.Groups[1].Value, line.Groups[2].Value);
            // A default that depends on a model or an optimizer names each.
            foreach (string value in shown.Split(", ").Select(part => Each().Replace(part, "")))
            {
                ParseResult parsed = Program.Parse(Root(), [command, flag, value]);
                Assert.DoesNotContain(parsed.Errors, error => error.Message.Contains(flag, StringComparison.Ordinal));
                found++;
            }
        }
        Assert.InRange(found, expected, 200);
    }

    /// <summary>The model that a run without options trains has the defaults that help shows.</summary>
    [Fact]
    public void Defaults_shown_are_those_of_a_training() => Assert.All(TrainingOption.All.Where(option => option.DefaultWords is null && option.Name != "epochs" && option.Range is not SwitchRange), option =>
    {
        string line = CommandRun.Of("train", "--help").Out.Split('\n').First(each => each.TrimStart().StartsWith($"{option.Flag} ", StringComparison.Ordinal));
        Assert.EndsWith($"[default: {ValueRange.Text(option.Get(ModelZoo.Cnn1.Recipe))}]", line.TrimEnd(), StringComparison.Ordinal);
    });

    [Fact]
    public void Every_option_of_a_training_has_its_flag() =>
        Assert.All(TrainingOption.All, option => Assert.Equal(option.Flag, TrainFlags.Of(option).Name));

    private static RootCommand Root() => Program.Commands(new Host(new StringWriter(), new StringWriter()));

    [GeneratedRegex(@"^ {2}(--[a-z-]+) .*\[default: (.*)\]\s*$", RegexOptions.Multiline)]
    private static partial Regex Lines();

    [GeneratedRegex(" for [a-z0-9]+$")]
    private static partial Regex Each();
}
