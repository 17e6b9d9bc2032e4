namespace GpuCnn;

/// <content>Steps with a learning rate from outside.</content>
public sealed partial class Trainer
{
    /// <summary>Does the next step with a learning rate of its own, and waits for it. An epoch that ends with it is not validated; <see cref="Restore"/> takes all back.</summary>
    /// <param name="learningRate">The learning rate.</param>
    /// <returns>The batch's mean loss before the update, which may be NaN or infinite.</returns>
    internal float Probe(double learningRate)
    {
        Network.RequireWeights();
        if (stepsOfEpoch == 0 && Options.Shuffle)
        {
            training.Shuffle(Options.Seed, EpochsDone + 1);
        }
        stepsOfEpoch++;
        Step(stepsOfEpoch - 1, learningRate);
        float loss = tables.ReadLosses(stepsOfEpoch)[^1];
        stepLosses.Add(loss);
        if (stepsOfEpoch == StepsPerEpoch)
        {
            // Counted as done, so that the next has an order of its own; no schedule looks at it.
            epochs.Add(new EpochResult(EpochsDone + 1, double.NaN, double.NaN, null, null, learningRate, 0, 0, Best: false, Interrupted: false));
            stepsOfEpoch = 0;
        }
        return loss;
    }
}
