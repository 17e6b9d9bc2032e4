namespace GpuCnn.Benchmarks.Gpu;

/// <summary>Epochs of the three models, training alone.</summary>
internal static class EpochTimes
{
    /// <summary>Measures them.</summary>
    /// <param name="device">The device.</param>
    /// <param name="quick">Whether to take a tenth of the images and fewer epochs.</param>
    public static List<object> Measure(Device device, bool quick)
    {
        ImageSet images = FashionMnist.LoadTrain(Repository.Data);
        int epochs = quick ? 3 : 7;
        var table = new Table("model", "images", "launches", "median", "from", "to", "images/s", "loss of the last");
        var rows = new List<object>();
        // As a whole training does, of which these are a few steps.
        device.CompilesForSizes = true;
        foreach (ModelDefinition model in ModelZoo.All)
        {
            using var network = new Network(model, device);
            network.Initialize(seed: 1);
            using var trainer = new Trainer(network, new TrainingOptions { Epochs = epochs + 1, TrainSamples = quick ? images.Count / 10 : 0 }, images);
            trainer.RunEpoch();
            long before = device.Launches;
            EpochResult[] results = [.. Enumerable.Range(0, epochs).Select(_ => trainer.RunEpoch())];
            long launches = (device.Launches - before) / epochs;
            var seconds = new Series(results.Select(result => result.TrainSeconds));
            table.Add(model.Name, trainer.TrainingImages, launches, Table.Time(seconds.Median), Table.Time(seconds.Values.Min()), Table.Time(seconds.Values.Max()),
                Table.Number(trainer.TrainingImages / seconds.Median), Table.Number(results[^1].TrainLoss));
            rows.Add(new { Model = model.Name, trainer.TrainingImages, Launches = launches, Seconds = seconds.Values, Losses = results.Select(result => result.TrainLoss) });
        }
        Console.WriteLine($"\nEpochs of batches of 512, after one that warms up\n\n{table}");
        return rows;
    }
}
