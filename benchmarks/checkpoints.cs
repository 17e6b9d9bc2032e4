// What a checkpoint costs a training on the CPU: epochs in which one is written, or one every five steps, beside epochs in which none is, in turn.
//   dotnet run -c Release --file benchmarks/checkpoints.cs -- [PAIRS] [MODEL] [FOLDER]
// Epochs are of the whole data set; what is saved at an epoch's end is written beside the next one, as in 'gpucnn train', so that one is timed. "All files" are those that
// 'gpucnn train' writes of an epoch that is the best so far: checkpoint, last and best weights. PAIRS is 20 unless given; without MODEL all models are measured;
// files go to FOLDER, or to a folder of their own below the one for temporary files. Costs are differences within pairs of neighbouring epochs, first one and then the other
// first, divided by the number of saves, in % of an epoch: the median, and the 95 % interval that order statistics give it, which asks nothing of how noise is distributed.
// One save an epoch drowns in a machine's noise, twenty do not: what they cost in sum, divided by twenty, is what one costs, and a little more, since the training copies its
// state for each and waits where the writer cannot follow. The processor's time is that of all threads of the process.
#:package MathNet.Numerics
#:project ../src/Kernels/Kernels.csproj
#:project ../src/Network/Network.csproj
#:property PublishAot=false
using System.Diagnostics;
using System.Globalization;
using GpuCnn;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

int pairs = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 20;
ModelDefinition[] models = [.. ModelZoo.All.Where(model => args.Length < 2 || model.Name == args[1])];
string folder = args.Length > 2 ? Directory.CreateDirectory(args[2]).FullName : Directory.CreateTempSubdirectory("gpucnn-checkpoints-").FullName;
string root = Path.GetFullPath(Path.Combine(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "benchmarks", ".."));
ImageSet images = FashionMnist.LoadTrain(Path.Combine(root, "data", "fashion-mnist"));
using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"));
Console.WriteLine("| model | saved | saves an epoch | epoch without, s | cost of one, time | cost of one, processor | collections of garbage an epoch |");
Console.WriteLine("|---|---|---|---|---|---|---|");
var alone = new List<string>();
foreach (ModelDefinition model in models)
{
    using var network = new Network(model, device);
    network.Initialize(1);
    using var trainer = new Trainer(network, new TrainingOptions { Epochs = 1000 }, images);
    using var saver = new Saver(Directory.CreateDirectory(Path.Combine(folder, model.Name)).FullName, model);
    (string Name, int Every, Saved Saved)[] kinds =
        [("checkpoint", 0, Saved.Checkpoint), ("all files", 0, Saved.All), ("checkpoint", 5, Saved.Checkpoint), ("all files", 5, Saved.All)];
    Epoch(trainer, saver, 0, Saved.All);
    foreach ((string name, int every, Saved saved) in kinds)
    {
        var without = new List<Sample>();
        var cost = new List<Sample>();
        int gen2 = GC.CollectionCount(2), saves = 0;
        for (int pair = 0; pair < pairs; pair++)
        {
            bool first = pair % 2 == 0;
            Sample one = Epoch(trainer, saver, first ? every : 0, first ? saved : Saved.Nothing), other = Epoch(trainer, saver, first ? 0 : every, first ? Saved.Nothing : saved);
            (Sample with, Sample plain) = first ? (one, other) : (other, one);
            without.Add(plain);
            saves = with.Saves;
            cost.Add(new Sample((with.Seconds - plain.Seconds) / plain.Seconds / saves, (with.Processor - plain.Processor) / plain.Processor / saves, saves));
        }
        double collections = (GC.CollectionCount(2) - gen2) / (2.0 * pairs);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {model.Name} | {name} | {saves} | {without.Select(each => each.Seconds).Median():0.000} | {Share(cost.Select(each => each.Seconds))} | {Share(cost.Select(each => each.Processor))} | {collections:0.0} |"));
    }
    alone.Add(Alone(trainer, saver));
}
Console.WriteLine();
Console.WriteLine("| model | copy of the state, which every epoch makes, ms | a checkpoint by itself, ms of one core | all files, ms of one core |");
Console.WriteLine("|---|---|---|---|");
alone.ForEach(Console.WriteLine);

// An epoch, and what its start finds to be written of the one before. That is done long before the epoch is; the wait is for a disk that is slower.
static Sample Epoch(Trainer trainer, Saver saver, int every, Saved saved)
{
    trainer.CheckpointEvery = every;
    saver.EverySteps = saved;
    int saves = saver.Saves;
    TrainingState state = trainer.Capture();
    long start = Stopwatch.GetTimestamp();
    double processor = Processor();
    saver.Save(state, saved);
    trainer.RunEpoch(saver);
    trainer.Capture();
    saver.Flush();
    return new Sample(Stopwatch.GetElapsedTime(start).TotalSeconds, Processor() - processor, saver.Saves - saves);
}

static double Processor() => Environment.CpuUsage.TotalTime.TotalSeconds;

// By themselves, without a training: what copies and files cost in sum. A training copies its state at the end of every epoch, saved or not: it is what it goes back to after a NaN.
static string Alone(Trainer trainer, Saver saver)
{
    const int Times = 25;
    var copies = new List<double>();
    double[] files = [0, 0];
    for (int i = 0; i < 2 * Times; i++)
    {
        trainer.Network.ImportWeights(trainer.Network.ExportWeights());
        long start = Stopwatch.GetTimestamp();
        TrainingState state = trainer.Capture();
        copies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        // The training's threads stay awake for a moment, and are not to be counted.
        Thread.Sleep(5);
        double before = Processor();
        saver.Save(state, i % 2 == 0 ? Saved.Checkpoint : Saved.All);
        saver.Flush();
        files[i % 2] += (Processor() - before) * 1000 / Times;
    }
    return string.Create(CultureInfo.InvariantCulture, $"| {trainer.Network.Model.Name} | {copies.Median():0.0} | {files[0]:0.0} | {files[1]:0.0} |");
}

static string Share(IEnumerable<double> shares)
{
    double[] sorted = [.. shares.Order()];
    // How many of the values lie below the median is binomial: so many from either end are left out as leave 95 % between.
    int rank = Enumerable.Range(0, (sorted.Length + 1) / 2).Last(k => k == 0 || Binomial.CDF(0.5, sorted.Length, k) <= 0.025);
    return string.Create(CultureInfo.InvariantCulture, $"{sorted.Median():+0.00 %;-0.00 %} ({sorted[rank]:+0.00 %;-0.00 %} to {sorted[^(rank + 1)]:+0.00 %;-0.00 %})");
}

/// <summary>What an epoch took: seconds, seconds of the processor's cores, and how often it saved.</summary>
internal readonly record struct Sample(double Seconds, double Processor, int Saves);

/// <summary>What is saved.</summary>
internal enum Saved
{
    Nothing,
    Checkpoint,
    All,
}

/// <summary>Saves what it is given beside the training.</summary>
internal sealed class Saver(string folder, ModelDefinition model) : ITrainingObserver, IDisposable
{
    private readonly CheckpointFolder checkpoints = new(folder);
    private readonly BackgroundWriter writer = new();

    /// <summary>What a checkpoint within an epoch saves.</summary>
    public Saved EverySteps { get; set; }

    /// <summary>How often it saved.</summary>
    public int Saves { get; private set; }

    public void OnStep(in StepResult result)
    {
    }

    public void OnCheckpoint(TrainingState state, EpochResult? ended) => Save(state, ended is null ? EverySteps : Saved.Nothing);

    public void Save(TrainingState state, Saved saved)
    {
        if (saved == Saved.Nothing)
        {
            return;
        }
        Saves++;
        writer.Post(() =>
        {
            foreach (string name in saved == Saved.All ? (string[])["last", "best"] : [])
            {
                new TrainedModel(model, state.Weights).Save(Path.Combine(folder, $"{name}.safetensors"));
            }
            checkpoints.Save(new Checkpoint(state, new Dictionary<string, string>()));
        });
    }

    public void Flush() => writer.Flush();

    public void Dispose() => writer.Dispose();
}
