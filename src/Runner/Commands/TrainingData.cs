using GpuCnn.Runner.Data;

namespace GpuCnn.Runner.Commands;

/// <summary>The images of a training. They are read, and their fingerprints taken, while the accelerator starts: both take as long.</summary>
internal sealed class TrainingData
{
    private readonly Task<ImageSet> train, test;
    private readonly Task<string> trainFingerprint, testFingerprint;

    /// <summary>Starts to read.</summary>
    public TrainingData(Host host, RunSpec spec)
    {
        Path = System.IO.Path.GetFullPath(spec.Data.Path);
        (train, test) = (Inputs.StartReading(host, spec.Data, DataSplit.Train, spec.Model.Input), Inputs.StartReading(host, spec.Data, DataSplit.Test, spec.Model.Input));
        (trainFingerprint, testFingerprint) = (StartFingerprint(train), StartFingerprint(test));
    }

    /// <summary>The folder, as a whole path.</summary>
    public string Path { get; }

    /// <summary>The images to train on and to hold out.</summary>
    /// <exception cref="InvalidFileException">A file is missing or damaged.</exception>
    public ImageSet Train => train.GetAwaiter().GetResult();

    /// <summary>The test images.</summary>
    /// <exception cref="InvalidFileException">A file is missing or damaged.</exception>
    public ImageSet Test => test.GetAwaiter().GetResult();

    /// <summary>Tells whether the training images are the same as before.</summary>
    public string TrainFingerprint => trainFingerprint.GetAwaiter().GetResult();

    /// <summary>Tells whether the test images are the same as before.</summary>
    public string TestFingerprint => testFingerprint.GetAwaiter().GetResult();

    /// <summary>Refuses images that are not those with which a run was begun.</summary>
    /// <param name="ofTrain">The fingerprint of the run's training images; null where it is not known.</param>
    /// <param name="ofTest">That of its test images.</param>
    /// <exception cref="InvalidFileException">Images or labels are others.</exception>
    public void Require(string? ofTrain, string? ofTest)
    {
        Require("training", ofTrain, TrainFingerprint);
        Require("test", ofTest, TestFingerprint);
    }

    private void Require(string what, string? ofRun, string now)
    {
        if (ofRun is not null && ofRun != now)
        {
            throw new InvalidFileException(Path, $"its {what} images or labels are not those that the run was begun with (fingerprint {now}, of the run {ofRun}); "
                + "bring those back, or give --data their folder");
        }
    }

    private static async Task<string> StartFingerprint(Task<ImageSet> reading) => DataFingerprint.Of(await reading.ConfigureAwait(false));
}
