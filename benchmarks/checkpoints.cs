// What checkpoints cost a training on the CPU: epochs that save one at their end, and epochs that save one every 10 steps, beside epochs that save none, in turn.
//   dotnet run -c Release --file benchmarks/checkpoints.cs -- [ROUNDS] [MODEL] [FOLDER]
// Epochs are of the whole data set; saving goes on beside the training, as in 'gpucnn train', and is waited for at the end of what is timed. "All files" are those that
// 'gpucnn train' writes of an epoch that is the best so far: checkpoint, last and best weights. ROUNDS is 7 unless given; without MODEL all of cnn1, cnn2, cnn3 are measured;
// files go to FOLDER, or to a folder of their own below the one for temporary files. Costs are differences of neighbouring samples, in % of an epoch: median, and the
// quartiles of all rounds. The processor's time is that of all threads of the process; it does not see what other processes do, so it is the surer figure.
#:package MathNet.Numerics
#:project ../src/Kernels/Kernels.csproj
#:project ../src/Network/Network.csproj
#:property PublishAot=false
using System.Diagnostics;
using System.Globalization;
using GpuCnn;
using MathNet.Numerics.Statistics;

int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 7;
ModelDefinition[] models = [.. ModelDefinition.All.Where(model => args.Length < 2 || model.Name == args[1])];
string folder = args.Length > 2 ? Directory.CreateDirectory(args[2]).FullName : Directory.CreateTempSubdirectory("gpucnn-checkpoints-").FullName;
string root = Path.GetFullPath(Path.Combine(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "benchmarks", ".."));
ImageSet images = FashionMnist.LoadTrain(Path.Combine(root, "data", "fashion-mnist"));
using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"));
Console.WriteLine("| model | saved | epoch without, s | cost, time | cost, processor | collections of garbage an epoch |");
Console.WriteLine("|---|---|---|---|---|---|");
var alone = new List<string>();
foreach (ModelDefinition model in models)
{
    using var network = new Network(model, device);
    network.Initialize(1);
    using var trainer = new Trainer(network, new TrainingOptions { Epochs = 1000 }, images);
    using var saver = new Saver(Directory.CreateDirectory(Path.Combine(folder, model.Name)).FullName, model);
    (string Name, int Every, Saved Saved)[] kinds = [("a checkpoint at its end", 0, Saved.Checkpoint), ("all files at its end", 0, Saved.All), ("a checkpoint every 10 steps", 10, Saved.Checkpoint)];
    foreach ((string name, int every, Saved saved) in kinds)
    {
        var without = new List<Sample>();
        var cost = new List<Sample>();
        var collections = new List<double>();
        Epochs(trainer, saver, every, saved);
        for (int round = 0; round < rounds; round++)
        {
            // Before and after, so that a machine that grows slower is taken for no cost.
            Sample before = Epochs(trainer, saver, 0, Saved.Nothing);
            int gen2 = GC.CollectionCount(2);
            Sample with = Epochs(trainer, saver, every, saved);
            collections.Add(GC.CollectionCount(2) - gen2);
            Sample after = Epochs(trainer, saver, 0, Saved.Nothing);
            without.AddRange([before, after]);
            cost.Add(new Sample(with.Seconds / ((before.Seconds + after.Seconds) / 2) - 1, with.Processor / ((before.Processor + after.Processor) / 2) - 1));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {model.Name} | {name} | {without.Select(each => each.Seconds).Median() / Sample.Epochs:0.000} | {Share(cost.Select(each => each.Seconds))} | {Share(cost.Select(each => each.Processor))} | {collections.Median() / Sample.Epochs:0.0} |"));
    }
    alone.Add(Alone(trainer, saver));
}
Console.WriteLine();
Console.WriteLine("| model | copy of the state, which every epoch makes, ms | a checkpoint by itself, ms of one core | all files, ms of one core |");
Console.WriteLine("|---|---|---|---|");
alone.ForEach(Console.WriteLine);

// A checkpoint is written while the next epoch runs, so several epochs are timed together, and what is still to be written at their end belongs to them.
static Sample Epochs(Trainer trainer, Saver saver, int every, Saved saved)
{
    trainer.CheckpointEvery = every;
    long start = Stopwatch.GetTimestamp();
    double processor = Processor();
    for (int i = 0; i < Sample.Epochs; i++)
    {
        trainer.RunEpoch(saver);
        saver.Save(trainer.Capture(), saved);
    }
    saver.Flush();
    return new Sample(Stopwatch.GetElapsedTime(start).TotalSeconds, Processor() - processor);
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

static string Share(IEnumerable<double> shares) => string.Create(CultureInfo.InvariantCulture,
    $"{shares.Median():+0.0 %;-0.0 %} ({shares.LowerQuartile():+0.0 %;-0.0 %} to {shares.UpperQuartile():+0.0 %;-0.0 %})");

/// <summary>What a few epochs took: seconds, and seconds of the processor's cores.</summary>
internal readonly record struct Sample(double Seconds, double Processor)
{
    public const int Epochs = 3;
}

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

    public void OnStep(in StepResult result)
    {
    }

    public void OnCheckpoint(TrainingState state) => Save(state, Saved.Checkpoint);

    public void Save(TrainingState state, Saved saved)
    {
        if (saved == Saved.Nothing)
        {
            return;
        }
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
