using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary>What a training computes with: data, accelerator, network and a trainer that stands before the next step.</summary>
internal sealed class TrainingSetup : IDisposable
{
    private readonly Device? device;
    private readonly Network? network;
    private readonly Trainer? trainer;

    /// <summary>Opens the accelerator, waits for the data, makes network and trainer, and gives them their first weights or a state to go on from.</summary>
    /// <param name="spec">The run.</param>
    /// <param name="data">Its data, being read.</param>
    /// <param name="open">Opens the accelerator.</param>
    /// <param name="state">The state to go on from; null for a new training.</param>
    /// <exception cref="InvalidFileException">A file of the data is missing or damaged, or images are not the run's.</exception>
    public TrainingSetup(RunSpec spec, TrainingData data, Func<Device> open, TrainingState? state = null)
    {
        (Spec, Data) = (spec, data);
        try
        {
            device = open();
            network = new Network(spec.Model, device, spec.Options.BatchSize);
            if (state is null && spec.Weights is { } weights)
            {
                network.ImportWeights(TrainedModel.Load(weights, spec.Model).Weights);
            }
            else if (state is null)
            {
                network.Initialize(spec.Options.Seed);
            }
            spec.Model.RequireFit(data.Train);
            spec.Model.RequireFit(data.Test);
            trainer = new Trainer(network, spec.Options, data.Train) { CheckpointEvery = spec.CheckpointEvery };
            data.Require(spec.TrainFingerprint, spec.TestFingerprint);
            if (state is not null)
            {
                // A run that went back has a lower rate than its options, until another is asked for.
                trainer.Restore(spec.Options.LearningRate == state.Options.LearningRate ? state : state with { LearningRate = spec.Options.LearningRate });
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The run.</summary>
    public RunSpec Spec { get; }

    /// <summary>The images.</summary>
    public TrainingData Data { get; }

    /// <summary>The network.</summary>
    public Network Network => network!;

    /// <summary>The trainer.</summary>
    public Trainer Trainer => trainer!;

    /// <summary>The options of the run, as its folder tells them.</summary>
    public ArgsDocument Args() => new(ProgramVersion.Text, Spec.Model.Name, Network.Device.Info.Id, Network.Device.Info.Name, Network.Device.Workers, Data.Path,
        Spec.Weights, Spec.Options, Spec.CheckpointEvery, Data.TrainFingerprint, Data.TestFingerprint);

    /// <inheritdoc/>
    public void Dispose()
    {
        trainer?.Dispose();
        network?.Dispose();
        device?.Dispose();
    }
}
