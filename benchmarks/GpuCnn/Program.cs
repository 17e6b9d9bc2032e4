// GpuCnn on the CPU accelerator, as a worker of the training benchmark.
//   gpucnn-worker MODEL THREADS DATA BATCH SAMPLES
// SAMPLES: only the first so many training images, a fifth of them held out.
using System.Globalization;
using GpuCnn;
using GpuCnn.Benchmarks;

int threads = int.Parse(args[1], CultureInfo.InvariantCulture), batch = int.Parse(args[3], CultureInfo.InvariantCulture), samples = int.Parse(args[4], CultureInfo.InvariantCulture);
using var contestant = new Contestant(ModelZoo.Find(args[0]), threads, args[2], batch, samples);
Worker.Serve(contestant);

/// <summary>GpuCnn.</summary>
internal sealed class Contestant(ModelDefinition model, int threads, string data, int batch, int samples) : IContestant, ITrainingObserver
{
    private readonly Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), threads);
    private readonly float[] probabilities = new float[Worker.TestImages * model.Classes];
    private Action onStep = () => { };
    private Network? network;
    private Trainer? trainer;
    private ImageSet? test;
    private Classifier? classifier;

    private Network Network => network ??= Initialized();

    private Classifier Classifier => classifier ??= new Classifier(new TrainedModel(model, Network.ExportWeights()), device, Worker.Batch);

    private ImageSet Test => test ??= FashionMnist.LoadTest(data);

    /// <inheritdoc/>
    public double TrainEpoch(Action onStep)
    {
        this.onStep = onStep;
        trainer ??= new Trainer(Network, new TrainingOptions { BatchSize = batch, TrainSamples = samples, Epochs = 1000 }, FashionMnist.LoadTrain(data));
        return trainer.RunEpoch(this).TrainSeconds;
    }

    /// <inheritdoc/>
    public void OnStep(in StepResult result) => onStep();

    /// <inheritdoc/>
    public void Predict(int first, int count)
    {
        Classifier.Predict(Test.Pixels.Span.Slice(first * model.Input.Count, count * model.Input.Count), probabilities.AsSpan(0, count * model.Classes));
    }

    /// <inheritdoc/>
    public (double Accuracy, double Loss) Evaluate()
    {
        EvaluationResult result = Classifier.Evaluate(Test);
        return (result.Accuracy, result.Loss);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        classifier?.Dispose();
        trainer?.Dispose();
        network?.Dispose();
        device.Dispose();
    }

    private Network Initialized()
    {
        var made = new Network(model, device, batch);
        made.Initialize(1);
        return made;
    }
}
