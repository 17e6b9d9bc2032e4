using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary><c>watch</c>: follows a run from another terminal, from its files alone.</summary>
internal sealed class WatchCommand
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(250);

    private static readonly Option<bool> Once = Flag.Switch("--once", "Say how the run stands and end");

    private static readonly Option<bool> Wait = Flag.Switch("--wait", "When the run stops before it is done, wait for it to be resumed");

    private readonly Argument<string> run = new("run") { Description = "Run folder, for example runs/cnn1-1, or the folder of several seeds", HelpName = "RUN" };

    private readonly Host host;

    public WatchCommand(Host host)
    {
        this.host = host;
        Command = new Command("watch", "Follows a run from another terminal until it ends. Exit code 0 when the run is done, 1 when it failed, died or was interrupted; "
            + "Ctrl-C ends only the watching.");
        Command.Arguments.Add(run);
        Command.Options.Add(Once);
        Command.Options.Add(Wait);
        Command.Options.Add(TrainingViews.Style);
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        var output = new Output(host, parsed);
        string folder = parsed.GetRequiredValue(run);
        SeedSetReader? set = SeedFolder.Is(folder) ? new SeedSetReader(folder) : null;
        IFollowed followed = set is null ? RunReader.Open(folder) : set;
        bool once = parsed.GetValue(Once), wait = parsed.GetValue(Wait);
        output.Talk.WriteLine(TextTable.Pairs(output.Width, ("run", folder), ("model", followed.Run.Args.Model),
            ("accelerator", $"{followed.Run.Args.Accelerator}, {followed.Run.Args.AcceleratorName}")));
        ITrainingView? view = null;
        using var interruption = new Interruption(() => view?.Abandon(), host.Stop);
        RunReader shown;
        do
        {
            shown = followed.Run;
            if (set is not null)
            {
                output.Talk.WriteLine($"{set.Place}, in {set.Place.Run}");
            }
            view = TrainingViews.Create(host, output, once ? ProgressStyle.Plain : parsed.GetValue(TrainingViews.Style), shown.Plan);
            view.Start();
            try
            {
                view.OnPast(shown.Plan, shown.Epochs, shown.Losses);
                while (!once && followed.Run == shown && (followed.Status == RunStatus.Running || (wait && followed.Status != RunStatus.Done)) && !interruption.Token.WaitHandle.WaitOne(BetweenLooks))
                {
                    followed.Read(view);
                }
            }
            finally
            {
                view.Stop();
            }
        }
        while (followed.Run != shown);
        WatchDocument document = Document(set?.Place.Run ?? folder, followed.Run);
        if (set is null)
        {
            output.Result(document, Documents.Default.WatchDocument, Text(document));
        }
        else
        {
            output.Result(Document(folder, set, document), Documents.Default.WatchSeedsDocument, Text(set, document));
        }
        return !once && interruption.Token.IsCancellationRequested ? interruption.ExitCode
            : once || followed.Status == RunStatus.Done ? ExitCode.Done
            : ExitCode.Failed;
    }

    private static WatchSeedsDocument Document(string folder, SeedSetReader set, WatchDocument current) => new(folder, set.Status, current.Model, current.Accelerator, set.Seeds.Seed, set.Seeds.Seeds,
        set.Seeds.Runs, set.Seeds.Test, set.Seeds.TestBest, current);

    private static WatchDocument Document(string folder, RunReader reader)
    {
        var progress = new TrainingProgress(reader.Plan, TimeProvider.System);
        progress.OnPast(reader.Plan, reader.Epochs, reader.Losses);
        TrainingSnapshot now = progress.Snapshot();
        bool running = reader.Status == RunStatus.Running;
        return new WatchDocument(folder, reader.Status, reader.Args.Model, reader.Args.Accelerator, now.Epoch, now.Plan.Epochs, now.Step, now.Plan.Steps, now.Loss,
            running ? now.ImagesPerSecond : null, running ? now.Left?.TotalSeconds : null, reader.Epochs.LastOrDefault(epoch => epoch.Best)?.Epoch, reader.State.Problem,
            [.. reader.Epochs.Select(EpochDocument.Of)], reader.State.StoppedEarly);
    }

    private static string Text(SeedSetReader set, WatchDocument current) => (set.Seeds.Runs.Count > 0 ? set.Seeds.Table() : "")
        + (set.Status == RunStatus.Done ? "" : $"{set.Place}: {Text(current)}")
        + string.Create(CultureInfo.InvariantCulture, $"{PlainText.Of(set.Status)}  {set.Seeds.Runs.Count} of {set.Seeds.Seeds} seeds\n");

    private static string Text(WatchDocument now)
    {
        string best = now.BestEpoch is { } epoch && now.Results.First(row => row.Epoch == epoch).ValAccuracy is { } accuracy
            ? string.Create(CultureInfo.InvariantCulture, $"  best epoch {epoch}, validation accuracy {accuracy:0.0000}") : "";
        string left = now.SecondsLeft is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"  about {seconds:0} s left") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{PlainText.Of(now.Status)}  {now.Results.Count} of {now.Epochs} epochs, {now.Step} of {now.Steps} steps{best}{left}\n")
            + (now.StoppedEarly is { } stop ? Summaries.Line(stop, now.Epochs) : "")
            + (now.Problem is null ? "" : PlainText.Of(now.Problem) + "\n");
    }
}
