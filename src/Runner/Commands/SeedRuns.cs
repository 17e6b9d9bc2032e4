using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Completion;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary><c>train --seeds</c>: the same training with several seeds, one after the other, and what their figures have in common.</summary>
/// <param name="host">Where to write.</param>
/// <param name="parsed">The command line.</param>
internal sealed class SeedRuns(Host host, ParseResult parsed)
{
    /// <summary>What changes how a training is shown or saved, and nothing that comes of it.</summary>
    private static readonly Option[] Harmless = [TrainFlags.Resume, TrainFlags.NoPictures, TrainFlags.CheckpointEvery, TrainingViews.Style, CommonOptions.Threads,
        OutputOptions.Json, OutputOptions.Quiet, OutputOptions.Verbose];

    /// <summary>What the set has, not its runs.</summary>
    private static readonly Option[] OfTheSet = [TrainFlags.Of(Seed), TrainFlags.Seeds, TrainFlags.Folder];

    private static TrainingOption Seed => TrainingOption.Named("seed");

    private readonly RunLauncher launcher = new(host, parsed);
    private readonly Output output = new(host, parsed);

    /// <summary>Begins a set and trains it to its end.</summary>
    /// <param name="count">How many seeds.</param>
    /// <returns>The exit code.</returns>
    public int Begin(int count)
    {
        ulong first = GivenSeed ?? new TrainingOptions().Seed;
        RequireRoom(first, count);
        (ArgsDocument args, ModelDefinition model) = Describe();
        string? wanted = parsed.GetValue(TrainFlags.Folder);
        var seeds = new SeedsDocument(wanted ?? "", model.Name, model.ParameterCount, args.Accelerator, first, count, [], null, null);
        using var folder = SeedFolder.Create(wanted, host.Runs, args, model, seeds);
        // The runs have all that was given in their options; given again it would be compared with the seed of each.
        return Train(folder, seeds with { Run = folder.Path }, option => Harmless.Contains(option));
    }

    /// <summary>Goes on with a set; what is done already is looked at again only where an option may change it.</summary>
    /// <param name="path">Its folder.</param>
    /// <returns>The exit code.</returns>
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
            .Any(given => given.IdentifierTokenCount > 0 && !Harmless.Contains(given.Option) && !OfTheSet.Contains(given.Option));
        // What is known of a run goes when it may change; a run that is done is only tested again.
        seeds = anew ? seeds with { Runs = [], Test = null, TestBest = null } : seeds;
        return Train(folder, seeds with { Run = folder.Path, Seeds = count }, option => !OfTheSet.Contains(option));
    }

    /// <summary>The options of the runs and their model; each run reads its data anew, as when it is resumed.</summary>
    private (ArgsDocument Args, ModelDefinition Model) Describe()
    {
        using TrainingSetup setup = launcher.Prepare();
        return (launcher.ArgsOf(setup), setup.Network.Model);
    }

    private int Train(SeedFolder folder, SeedsDocument seeds, Predicate<Option> counts)
    {
        output.Talk.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seeds {seeds.Seed} to {seeds.Seed + (ulong)seeds.Seeds - 1} of {PlainText.Of(seeds.Model)}, in {PlainText.Of(folder.Path)}\n"));
        int code = ExitCode.Done;
        for (int number = 1; number <= seeds.Seeds && code == ExitCode.Done; number++)
        {
            ulong seed = seeds.Seed + (ulong)number - 1;
            if (seeds.Runs.Any(run => run.Seed == seed))
            {
                continue;
            }
            ArgsDocument like = RunReader.Document(Path.Combine(SeedFolder.RunOf(folder.Path, seeds.Seed), RunFiles.Args), Documents.Default.ArgsDocument);
            using RunFolder run = OpenOrDescribe(folder, seeds.Seed, seed, like);
            code = launcher.Resume(run, counts, seed == seeds.Seed ? null : like, SeedPlace.Of(seeds, number), () => folder.Write(seeds), out TrainDocument? document);
            if (document?.Test is not null)
            {
                seeds = seeds.With(SeedDocument.Of(seed, document)) with { Accelerator = document.Accelerator };
                folder.Write(seeds);
            }
        }
        output.Result(seeds, Documents.Default.SeedsDocument, Text(folder, seeds, code));
        return code;
    }

    private static string Text(SeedFolder folder, SeedsDocument seeds, int code) => (seeds.Runs.Count > 0 ? seeds.Table() : "")
        + (code == ExitCode.Done ? $"run         {folder.Path}\n"
            : string.Create(CultureInfo.InvariantCulture, $"stopped with {seeds.Runs.Count} of {seeds.Seeds} seeds done\nresume      gpucnn train --resume {ShellWords.Quote(folder.Path)}\n"));

    /// <summary>The folder of a seed's run; one that is not there yet gets the options of the first.</summary>
    private static RunFolder OpenOrDescribe(SeedFolder folder, ulong first, ulong seed, ArgsDocument like)
    {
        string path = SeedFolder.RunOf(folder.Path, seed);
        if (File.Exists(Path.Combine(path, RunFiles.Args)) || seed == first)
        {
            return RunFolder.Open(path);
        }
        return RunFolder.CreateAt(path, like with { Options = like.Options with { Seed = seed }, Changes = null }, ModelFile.Load(Path.Combine(SeedFolder.RunOf(folder.Path, first), RunFiles.Model)));
    }

    private static void RequireRoom(ulong first, int count)
    {
        if (first > ulong.MaxValue - (ulong)count)
        {
            throw new OptionException(TrainFlags.Seeds.Name,
                string.Create(CultureInfo.InvariantCulture, $"there are no {count} seeds from {first} up; give a smaller {Seed.Flag}"));
        }
    }

    private ulong? GivenSeed => TrainFlags.Given(parsed, _ => true).TryGetValue(Seed, out object? value) ? (ulong)value : null;
}
