using GpuCnn.Runner.Data;

namespace GpuCnn.Runner.Commands;

/// <summary>What a training computes with: data, accelerator, network, trainer. The data is read while the accelerator starts.</summary>
internal sealed class TrainingSetup : IDisposable
{
    private readonly ModelDefinition model;
    private readonly TrainingOptions options;
    private readonly Task<ImageSet> reading, readingTest;
    private readonly Task<string> fingerprint, testFingerprint;
    private Device? device;
    private Network? network;
    private Trainer? trainer;

    /// <summary>Starts to read the data.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="host">Where to say which files were left out.</param>
    /// <param name="data">The data.</param>
    public TrainingSetup(Host host, ModelDefinition model, TrainingOptions options, DataFolder data)
    {
        (this.model, this.options) = (model, options);
        Data = Path.GetFullPath(data.Path);
        (reading, readingTest) = (Inputs.StartReading(host, data, DataSplit.Train, model.Input), Inputs.StartReading(host, data, DataSplit.Test, model.Input));
        (fingerprint, testFingerprint) = (Inputs.StartFingerprint(reading), Inputs.StartFingerprint(readingTest));
    }

    /// <summary>The folder of the data, as a whole path.</summary>
    public string Data { get; }

    /// <summary>Tells whether the training images are the same as before.</summary>
    public string TrainFingerprint => fingerprint.GetAwaiter().GetResult();

    /// <summary>Tells whether the test images are the same as before.</summary>
    public string TestFingerprint => testFingerprint.GetAwaiter().GetResult();

    /// <summary>The test images.</summary>
    public ImageSet Test => readingTest.GetAwaiter().GetResult();

    /// <summary>The accelerator.</summary>
    public Device Device => device!;

    /// <summary>The network, its weights not yet set.</summary>
    public Network Network => network!;

    /// <summary>The trainer.</summary>
    public Trainer Trainer => trainer!;

    /// <summary>Makes the network on an accelerator.</summary>
    /// <param name="opened">The accelerator, which this disposes.</param>
    public void Use(Device opened)
    {
        device = opened;
        network = new Network(model, device, options.BatchSize);
    }

    /// <summary>Gives the network new random weights, or those of a file.</summary>
    /// <param name="tensors">The file's tensors; null for random ones.</param>
    public void Initialize(IReadOnlyList<WeightTensor>? tensors)
    {
        if (tensors is null)
        {
            Network.Initialize(options.Seed);
        }
        else
        {
            Network.ImportWeights(tensors);
        }
    }

    /// <summary>Waits for the data and makes the trainer.</summary>
    /// <exception cref="InvalidFileException">A file of the data is missing or damaged.</exception>
    public void Prepare()
    {
        ImageSet images = reading.GetAwaiter().GetResult();
        model.RequireFit(images);
        model.RequireFit(Test);
        trainer = new Trainer(Network, options, images);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        trainer?.Dispose();
        network?.Dispose();
        device?.Dispose();
    }
}
