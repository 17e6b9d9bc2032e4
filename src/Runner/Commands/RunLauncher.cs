using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary>Begins runs as a command line says, and goes on with them. All input is checked before anything is created or changed.</summary>
internal sealed class RunLauncher(Host host, ParseResult parsed)
{
    /// <summary>The folder asked for; null for the next free one.</summary>
    public string? Wanted { get; } = parsed.GetValue(TrainFlags.Folder);

    /// <summary>A new run.</summary>
    public RunSession Begin()
    {
        TrainingSetup setup = Prepare();
        ModelDefinition model = setup.Spec.Model;
        return Begin(setup, args => (Wanted is null ? RunFolder.CreateNext(host.Runs, args, model) : RunFolder.CreateAt(Wanted, args, model), null));
    }

    /// <summary>A new run.</summary>
    /// <param name="setup">What computes it, which the session disposes.</param>
    /// <param name="create">Makes its folder, given its options, and tells its place among the runs of several seeds.</param>
    public RunSession Begin(TrainingSetup setup, Func<ArgsDocument, (RunFolder Folder, SeedPlace? Place)> create)
    {
        try
        {
            ArgsDocument args = setup.Args();
            (RunFolder folder, SeedPlace? place) = create(args);
            return Session(setup, folder, args, null, place);
        }
        catch
        {
            setup.Dispose();
            throw;
        }
    }

    /// <summary>Makes what the new run that the command line describes is computed with.</summary>
    /// <exception cref="OutputPathException">The folder asked for cannot be used.</exception>
    public TrainingSetup Prepare()
    {
        if (Wanted is not null)
        {
            RunFolder.Check(Wanted);
        }
        var spec = RunSpec.Of(parsed);
        TrainingOptions options = spec.Options;
        if (options.Schedule.EpochsUnchanged >= options.Epochs)
        {
            host.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"gpucnn: warning: --schedule {options.Schedule} changes nothing within {options.Epochs} epochs"));
        }
        return new TrainingSetup(spec, new TrainingData(host, spec), () => AcceleratorCatalog.Open(spec.Accelerator, spec.Threads));
    }

    /// <summary>A new run with the options of another, but for what is given.</summary>
    /// <param name="path">Its folder.</param>
    /// <param name="like">Its options.</param>
    /// <param name="model">Its model.</param>
    /// <param name="place">Its place among the runs of several seeds.</param>
    public RunSession BeginLike(string path, ArgsDocument like, ModelDefinition model, SeedPlace place)
    {
        var resumption = new Resumption(host, parsed, path, like, null, ofSet: true);
        RunSpec spec = resumption.Spec(model);
        return Begin(new TrainingSetup(spec, new TrainingData(host, spec), resumption.OpenDevice), args => (RunFolder.CreateAt(path, args, model), place));
    }

    /// <summary>Goes on with a run.</summary>
    /// <param name="path">Its folder.</param>
    /// <param name="ending">The options of a run that ends when it does; null for its own.</param>
    /// <param name="place">Its place among the runs of several seeds; null for a run of its own.</param>
    public RunSession Resume(string path, ArgsDocument? ending = null, SeedPlace? place = null)
    {
        var folder = RunFolder.Open(path);
        TrainingSetup? setup = null;
        try
        {
            var resumption = new Resumption(host, parsed, path, folder.Args, ending, place is not null);
            RunSpec spec = resumption.Spec(folder.Model);
            // It is read while the checkpoint is, and while the accelerator starts.
            var data = new TrainingData(host, spec);
            Checkpoint? past = resumption.LoadCheckpoint(folder, spec.Options);
            setup = new TrainingSetup(past is null ? spec : spec.WithDataOf(past), data, resumption.OpenDevice, past?.State);
            return Session(setup, folder, resumption.Changed(setup.Args(), past?.State.Step ?? 0), past, place);
        }
        catch
        {
            setup?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    private RunSession Session(TrainingSetup setup, RunFolder folder, ArgsDocument args, Checkpoint? past, SeedPlace? place) =>
        new(host, new Output(host, parsed), setup, folder, args, past, place, parsed.GetValue(TrainingViews.Style), !parsed.GetValue(TrainFlags.NoPictures));
}
