namespace GpuCnn;

/// <content>A whole training in one call.</content>
public sealed partial class Trainer
{
    /// <summary>Trains until the epochs that <see cref="TrainingOptions"/> asks for are done or it stops early, and keeps the best weights.</summary>
    /// <param name="onEpoch">Told of every epoch; null for nobody.</param>
    /// <param name="observer">Told of every step; null for nobody.</param>
    /// <param name="stop">When cancelled, training ends after the step under way.</param>
    /// <returns>The model with the weights of the best epoch of this call (see <see cref="EpochResult.Best"/>), or with those of now when no epoch was finished: those that
    /// <see cref="ExportWeights"/> gives. The network itself is left with its last weights.</returns>
    /// <exception cref="NonFiniteLossException">A number became NaN or infinite; the training is back at the state before.</exception>
    public TrainedModel Train(Action<EpochResult>? onEpoch = null, ITrainingObserver? observer = null, CancellationToken stop = default)
    {
        TrainedModel? best = null;
        while (!IsDone && !stop.IsCancellationRequested)
        {
            EpochResult epoch = RunEpoch(observer, stop);
            if (epoch.Best || (best is null && !epoch.Interrupted))
            {
                best = Now(epoch.ValAccuracy);
            }
            onEpoch?.Invoke(epoch);
        }
        return best ?? Now(null);
    }

    private TrainedModel Now(double? accuracy) => new(Network.Model, ExportWeights())
    {
        ClassNames = classNames,
        ValidationAccuracy = accuracy,
        AverageDecay = Options.WeightAverage > 0 ? Options.WeightAverage : null,
    };
}
