using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Reports;
using Spectre.Console;

namespace GpuCnn.Runner.Views;

/// <summary>How a training is shown.</summary>
internal enum ProgressStyle
{
    /// <summary>Live on a terminal, else plain.</summary>
    Auto,

    /// <summary>Live, whatever the output is.</summary>
    Live,

    /// <summary>A line an epoch.</summary>
    Plain,

    /// <summary>Nothing between the run's heading and its result.</summary>
    None,
}

/// <summary>Chooses the view that fits the output.</summary>
internal static class TrainingViews
{
    /// <summary>The names that <see cref="Style"/> takes.</summary>
    public static IReadOnlyList<string> StyleNames { get; } = [.. Enum.GetNames<ProgressStyle>().Select(name => name.ToLowerInvariant())];

    /// <summary>How a training is shown.</summary>
    public static System.CommandLine.Option<ProgressStyle> Style { get; } = Flag.Declare("--progress", "STYLE",
        "How to show a training under way: auto, live (curves that move), plain (a line an epoch) or none; auto is live on a terminal, plain elsewhere and with --quiet", Parse, ProgressStyle.Auto)
        .Offering(StyleNames);

    /// <summary>Makes the view.</summary>
    /// <param name="style">What was asked for; <c>--quiet</c> alone asks for plain lines.</param>
    public static ITrainingView Create(Host host, Output output, ProgressStyle style, TrainingPlan plan)
    {
        if (style == ProgressStyle.None)
        {
            return new SilentTrainingView();
        }
        if (style == ProgressStyle.Live || (style == ProgressStyle.Auto && !output.Quiet))
        {
            IAnsiConsole console = host.Console(output.Progress);
            if (style == ProgressStyle.Live)
            {
                console.Profile.Capabilities.Ansi = true;
            }
            if (style == ProgressStyle.Live || (console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi))
            {
                return new LiveTrainingView(console, plan, TimeProvider.System);
            }
        }
        return new PlainTrainingView(output.Progress, plan);
    }

    private static ProgressStyle Parse(string text)
    {
        int index = StyleNames.ToList().IndexOf(text);
        return index >= 0 ? (ProgressStyle)index : throw new OptionException("--progress", $"no style '{text}': give {string.Join(", ", StyleNames)}");
    }
}
