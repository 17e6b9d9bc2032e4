namespace GpuCnn;

/// <summary>Follows a training.</summary>
public interface ITrainingObserver
{
    /// <summary>A step is done. Called between steps, so it should be quick.</summary>
    /// <param name="result">The step.</param>
    void OnStep(in StepResult result);

    /// <summary>The training can go on from here: an epoch has ended or was interrupted, or so many steps of it are done as <see cref="Trainer.CheckpointEvery"/> says.
    /// All steps have been told. The next one waits until this returns.</summary>
    /// <param name="state">The state after them.</param>
    /// <param name="ended">The epoch that ends here, or was interrupted here; null within an epoch.</param>
    void OnCheckpoint(TrainingState state, EpochResult? ended)
    {
    }

    /// <summary>A number became NaN or infinite and the training went back to a state, as <see cref="TrainingOptions.OnNonFinite"/> asks. The steps after it will come again.</summary>
    /// <param name="rollback">Why, and where to.</param>
    internal void OnRollback(Rollback rollback)
    {
    }
}

/// <summary>A training step.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Step">The step of the run, from 1.</param>
/// <param name="StepOfEpoch">The step of the epoch, from 1.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Loss">The batch's mean loss before the update.</param>
/// <param name="LearningRate">The learning rate of the update.</param>
public readonly record struct StepResult(int Epoch, long Step, int StepOfEpoch, int StepsPerEpoch, float Loss, double LearningRate);

/// <summary>An epoch's metrics.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="TrainLoss">The mean of the training images' losses, each before its step's update.</param>
/// <param name="TrainAccuracy">The share of training images classified correctly, likewise while training.</param>
/// <param name="ValLoss">The mean loss of the held-out images after the epoch; null when none are held out or the epoch was interrupted.</param>
/// <param name="ValAccuracy">The share of held-out images classified correctly.</param>
/// <param name="LearningRate">The learning rate of its last step.</param>
/// <param name="TrainSeconds">Seconds of training, validation not counted.</param>
/// <param name="ImagesPerSecond">Training images a second.</param>
/// <param name="Best">Whether the validation accuracy is the best so far; without validation the last is best.</param>
/// <param name="Interrupted">Whether the epoch was stopped before its last step.</param>
public sealed record EpochResult(int Epoch, double TrainLoss, double TrainAccuracy, double? ValLoss, double? ValAccuracy, double LearningRate,
    double TrainSeconds, double ImagesPerSecond, bool Best, bool Interrupted)
{
    /// <summary>A metric's value; null when nothing is held out.</summary>
    internal double? ValueOf(ValidationMetric metric) => metric == ValidationMetric.Loss ? ValLoss : ValAccuracy;
}
