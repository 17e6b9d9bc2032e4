using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>What a training takes of the process's memory. Other tests take theirs, so it runs when they are done.</summary>
[CollectionDefinition(DisableParallelization = true)]
[Collection(typeof(TrainerMemoryTests))]
public sealed class TrainerMemoryTests
{
    [Fact]
    public void A_thousand_steps_leak_nothing()
    {
        const int Epochs = 8, BytesPerStep = 1 << 10;
        using var network = new Network(ModelZoo.Cnn1, TestDevices.Cpu(2), 4);
        network.Initialize(1);
        using var trainer = new Trainer(network, new TrainingOptions { Epochs = Epochs + 1, BatchSize = 4, TrainSamples = 500, ValidationSplit = 0 }, Oracle.Train);
        long[] sizes = [.. Enumerable.Range(0, Epochs + 1).Select(_ => SizeAfterAnEpoch())];
        // The runtime takes more now and then, a leak in every epoch, so the epoch with the least growth tells.
        Assert.InRange(sizes[1..].Zip(sizes, (later, earlier) => later - earlier).Min(), long.MinValue, trainer.StepsPerEpoch * BytesPerStep);

        long SizeAfterAnEpoch()
        {
            trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
            // All that is free goes back to the system, or its comings and goings would hide a leak.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return Environment.WorkingSet;
        }
    }
}
