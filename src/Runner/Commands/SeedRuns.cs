using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Completion;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary><c>train --seeds</c>: the same training with several seeds, one after the other, and what their figures have in common.</summary>
internal sealed class SeedRuns(Host host, ParseResult parsed)
{
    /// <summary>What changes how a training is shown or saved, and nothing that comes of it.</summary>
    private static readonly Option[] Harmless = [TrainFlags.Resume, TrainFlags.NoPictures, TrainFlags.CheckpointEvery, TrainingViews.Style, CommonOptions.Threads,
        OutputOptions.Json, OutputOptions.Quiet, OutputOptions.Verbose];

    private static TrainingOption Seed => TrainingOption.Named("seed");

    private ulong? GivenSeed => TrainFlags.Given(parsed, _ => true).TryGetValue(Seed, out object? value) ? (ulong)value : null;

    private readonly RunLauncher launcher = new(host, parsed);
    private readonly Output output = new(host, parsed);

    /// <summary>Begins a set and trains it to its end; the exit code.</summary>
    /// <param name="count">How many seeds.</param>
    public int Begin(int count)
    {
        ulong first = GivenSeed ?? new TrainingOptions().Seed;
        RequireRoom(first, count);
        TrainingSetup setup = launcher.Prepare();
        ModelDefinition model = setup.Spec.Model;
        SeedsDocument seeds = null!;
        SeedFolder? folder = null;
        try
        {
            RunSession session = launcher.Begin(setup, args =>
            {
                seeds = new SeedsDocument(launcher.Wanted ?? "", model.Name, model.ParameterCount, args.Accelerator, first, count, [], null, null);
                folder = SeedFolder.Create(launcher.Wanted, host.Runs, args, model, seeds);
                seeds = seeds with { Run = folder.Path };
                return (RunFolder.Open(SeedFolder.RunOf(folder.Path, first)), SeedPlace.Of(seeds, 1));
            });
            return Train(folder!, seeds, session);
        }
        finally
        {
            folder?.Dispose();
        }
    }

    /// <summary>Goes on with a set; what is done already is looked at again only where an option may change it.</summary>
    public int Resume(string path)
    {
        using var folder = SeedFolder.Open(path);
        SeedsDocument seeds = SeedFolder.Read(path);
        if (TrainFlags.Where(option => option.OnResume == OnResume.MayChange).FirstOrDefault(parsed.IsGiven) is { } changing)
        {
            throw new OptionException(changing.Name, "runs of several seeds are compared, so what they have must not change on the way; leave it out, or begin new ones");
        }
        if (GivenSeed is { } given && given != seeds.Seed)
        {
            throw OptionException.NotAllowed(Seed.Flag, string.Create(CultureInfo.InvariantCulture, $"{seeds.Seed}, the first seed of the set"), given);
        }
        if (parsed.IsGiven(TrainFlags.Folder) && Path.GetFullPath(parsed.GetValue(TrainFlags.Folder)!) != Path.GetFullPath(path))
        {
            throw new OptionException(TrainFlags.Folder.Name, "runs of several seeds are resumed where they are; leave it out");
        }
        int count = parsed.GetValue(TrainFlags.Seeds) ?? seeds.Seeds;
        if (count < seeds.Seeds)
        {
            throw OptionException.NotAllowed(TrainFlags.Seeds.Name, $"at least {seeds.Seeds}, which the set has already", count);
        }
        RequireRoom(seeds.Seed, count);
        bool anew = parsed.CommandResult.Children.OfType<System.CommandLine.Parsing.OptionResult>()
            .Any(each => each.IdentifierTokenCount > 0 && !Harmless.Contains(each.Option) && !Resumption.OfTheSet.Contains(each.Option));
        // What is known of a run goes when it may change; a run that is done is only tested again.
        seeds = anew ? seeds with { Runs = [], Test = null, TestBest = null } : seeds;
        return Train(folder, seeds with { Run = folder.Path, Seeds = count }, null);
    }

    /// <summary>Trains the runs that are not done, one after the other; the exit code.</summary>
    /// <param name="begun">The first of them, if it is there already.</param>
    private int Train(SeedFolder folder, SeedsDocument seeds, RunSession? begun)
    {
        output.Talk.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seeds {seeds.Seed} to {seeds.Seed + (ulong)seeds.Seeds - 1} of {PlainText.Of(seeds.Model)}, in {PlainText.Of(folder.Path)}\n"));
        int code = ExitCode.Done;
        for (int number = 1; number <= seeds.Seeds && code == ExitCode.Done; number++)
        {
            SeedPlace place = SeedPlace.Of(seeds, number);
            if (seeds.Runs.Any(run => run.Seed == place.Seed))
            {
                continue;
            }
            using RunSession session = begun ?? Session(place, seeds.Seed);
            begun = null;
            // What is asked for is refused no more.
            folder.Write(seeds);
            code = session.Run();
            if (session.Document is { Test: not null } document)
            {
                seeds = seeds.With(SeedDocument.Of(place.Seed, document)) with { Accelerator = document.Accelerator };
                folder.Write(seeds);
            }
        }
        output.Result(seeds, Documents.Default.SeedsDocument, Text(folder, seeds, code));
        return code;
    }

    /// <summary>The run of a seed: one that is not there yet has the options of the first, and each ends when that does.</summary>
    private RunSession Session(SeedPlace place, ulong first)
    {
        string ofFirst = SeedFolder.RunOf(place.Folder, first);
        if (place.Seed == first)
        {
            return launcher.Resume(ofFirst, null, place);
        }
        ArgsDocument like = RunReader.Document(Path.Combine(ofFirst, RunFiles.Args), Documents.Default.ArgsDocument);
        return File.Exists(Path.Combine(place.Run, RunFiles.Args)) ? launcher.Resume(place.Run, like, place)
            : launcher.BeginLike(place.Run, like with { Options = like.Options with { Seed = place.Seed }, Changes = null }, ModelFile.Load(Path.Combine(ofFirst, RunFiles.Model)), place);
    }

    private static string Text(SeedFolder folder, SeedsDocument seeds, int code) => (seeds.Runs.Count > 0 ? seeds.Table() : "")
        + (code == ExitCode.Done ? $"run         {folder.Path}\n"
            : string.Create(CultureInfo.InvariantCulture, $"stopped with {seeds.Runs.Count} of {seeds.Seeds} seeds done\nresume      gpucnn train --resume {ShellWords.Quote(folder.Path)}\n"));

    private static void RequireRoom(ulong first, int count)
    {
        if (first > ulong.MaxValue - (ulong)count)
        {
            throw new OptionException(TrainFlags.Seeds.Name,
                string.Create(CultureInfo.InvariantCulture, $"there are no {count} seeds from {first} up; give a smaller {Seed.Flag}"));
        }
    }
}
