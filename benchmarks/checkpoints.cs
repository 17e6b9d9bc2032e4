// What checkpoints cost a training on the CPU: epochs that save one at their end, and epochs that save one every 10 steps, beside epochs that save none, in turn.
//   dotnet run -c Release --file benchmarks/checkpoints.cs -- [ROUNDS] [FOLDER]
// Epochs are of the whole data set; saving goes on beside the training, as in 'gpucnn train', and is waited for at the end of what is timed. ROUNDS is 7 unless
// given; checkpoints go to FOLDER, or to a folder of their own below the one for temporary files.
#:package MathNet.Numerics
#:project ../src/Network/Network.csproj
#:property PublishAot=false
using System.Diagnostics;
using System.Globalization;
using GpuCnn;
using GpuCnn.Kernels;
using MathNet.Numerics.Statistics;

int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 7;
string folder = args.Length > 1 ? Directory.CreateDirectory(args[1]).FullName : Directory.CreateTempSubdirectory("gpucnn-checkpoints-").FullName;
string root = Path.GetFullPath(Path.Combine(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "benchmarks", ".."));
ImageSet images = FashionMnist.LoadTrain(Path.Combine(root, "data", "fashion-mnist"));
using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"));
Console.WriteLine("| model | epoch without, s | copy of the state, which every epoch makes, ms | one saved at its end, cost | one every 10 steps, cost |");
Console.WriteLine("|---|---|---|---|---|");
foreach (ModelDefinition model in ModelDefinition.All)
{
    using var network = new Network(model, device);
    network.Initialize(1);
    using var trainer = new Trainer(network, new TrainingOptions { Epochs = 1000 }, images);
    using var saver = new Saver(Directory.CreateDirectory(Path.Combine(folder, model.Name)).FullName);
    Epochs(trainer, saver, 0, false);
    var none = new List<double>();
    var atEnd = new List<double>();
    var every10 = new List<double>();
    for (int round = 0; round < rounds; round++)
    {
        double plain = Epochs(trainer, saver, 0, false);
        none.Add(plain);
        atEnd.Add((Epochs(trainer, saver, 0, true) / plain) - 1);
        every10.Add((Epochs(trainer, saver, 10, true) / plain) - 1);
    }
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {model.Name} | {none.Median():0.000} | {Copies(trainer).Median():0.0} | {Share(atEnd)} | {Share(every10)} |"));
}

// A checkpoint is written while the next epoch runs, so several epochs are timed together, and what is still to be written at their end belongs to them.
static double Epochs(Trainer trainer, Saver saver, int every, bool atEnd)
{
    const int Together = 3;
    trainer.CheckpointEvery = every;
    long start = Stopwatch.GetTimestamp();
    for (int i = 0; i < Together; i++)
    {
        trainer.RunEpoch(saver);
        if (atEnd)
        {
            saver.OnCheckpoint(trainer.Capture());
        }
    }
    saver.Flush();
    return Stopwatch.GetElapsedTime(start).TotalSeconds / Together;
}

// A training copies its state at the end of every epoch, saved or not: it is what it goes back to after a NaN.
static List<double> Copies(Trainer trainer)
{
    var copies = new List<double>();
    for (int i = 0; i < 20; i++)
    {
        trainer.Network.ImportWeights(trainer.Network.ExportWeights());
        long start = Stopwatch.GetTimestamp();
        trainer.Capture();
        copies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
    return copies;
}

static string Share(List<double> shares) => string.Create(CultureInfo.InvariantCulture,
    $"{shares.Median():+0.0 %;-0.0 %} ({shares.Minimum():+0.0 %;-0.0 %} to {shares.Maximum():+0.0 %;-0.0 %})");

/// <summary>Saves what it is given beside the training.</summary>
internal sealed class Saver(string folder) : ITrainingObserver, IDisposable
{
    private readonly CheckpointFolder checkpoints = new(folder);
    private readonly BackgroundWriter writer = new();

    public void OnStep(in StepResult result)
    {
    }

    public void OnCheckpoint(TrainingState state) => writer.Post(() => checkpoints.Save(new Checkpoint(state, new Dictionary<string, string>())));

    public void Flush() => writer.Flush();

    public void Dispose() => writer.Dispose();
}
