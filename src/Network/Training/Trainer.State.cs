using System.Globalization;

namespace GpuCnn;

/// <content>States: captured, restored, and gone back to when a number became NaN or infinite.</content>
public sealed partial class Trainer
{
    /// <summary>How often a training goes back at most.</summary>
    public const int MostRollbacks = 5;

    /// <summary>The last state captured or restored, and the network's revision then.</summary>
    private TrainingState? kept;
    private long keptRevision;
    private int rollbacks;

    /// <summary>Copies all that the next step depends on to the host.</summary>
    /// <returns>The state after the last step.</returns>
    /// <exception cref="InvalidOperationException">A step is under way whose loss is not known yet: a state is captured between epochs, or by <see cref="CheckpointEvery"/>.</exception>
    /// <exception cref="NonFiniteLossException">A weight or a moment is NaN or infinite.</exception>
    public TrainingState Capture()
    {
        if (stepLosses.Count != StepsDone)
        {
            throw new InvalidOperationException($"the losses of {StepsDone - stepLosses.Count} steps are not known yet; capture between epochs, or set CheckpointEvery");
        }
        if (kept?.Step == StepsDone && keptRevision == Network.Revision)
        {
            return kept;
        }
        if (StepsDone == 0)
        {
            update.BeginAverage();
        }
        IReadOnlyList<StateTensors> copy = update.CopyState();
        if (NonFiniteSearch.InParameters(copy, StepsDone) is { } origin)
        {
            throw Spoiled($"{origin.Quantity} became {origin.Value}");
        }
        keptRevision = Network.Revision;
        return kept = new TrainingState(copy)
        {
            Options = Options,
            TrainingImages = TrainingImages,
            ValidationImages = ValidationImages,
            StepsOfEpoch = stepsOfEpoch,
            CorrectOfEpoch = tables.ReadCorrect(stepsOfEpoch),
            SecondsOfEpoch = SecondsNow(),
            LearningRate = BaseLearningRate,
            Rollbacks = rollbacks,
            Epochs = [.. epochs],
            StepLosses = [.. stepLosses],
        };
    }

    /// <summary>Goes back, or forward, to a state. When it does not fit nothing is changed.</summary>
    /// <param name="state">The state, of a training of the same model on as many images, with the same options but for the number of epochs, the learning rate, its schedule and early stopping.</param>
    /// <exception cref="StateMismatchException">It belongs to another training.</exception>
    /// <exception cref="ModelMismatchException">Its tensors belong to another model.</exception>
    public void Restore(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (TrainingOption option in TrainingOption.All.Where(option => option.OnResume == OnResume.Same))
        {
            RequireSame(option.Property, option.Get(state.Options), option.Get(Options));
        }
        RequireSame("number of training images", state.TrainingImages, TrainingImages);
        RequireSame("number of images held out", state.ValidationImages, ValidationImages);
        if (state.StepsOfEpoch < 0 || state.StepsOfEpoch >= StepsPerEpoch || state.CorrectOfEpoch.Count != state.StepsOfEpoch
            || state.Step != ((long)state.Epochs.Count * StepsPerEpoch) + state.StepsOfEpoch)
        {
            throw new StateMismatchException($"the state's numbers do not agree: {state.Step} losses, {state.Epochs.Count} epochs of {StepsPerEpoch} steps, {state.StepsOfEpoch} steps of the next");
        }
        update.Restore(state);
        stepsOfEpoch = state.StepsOfEpoch;
        secondsOfEpoch = state.SecondsOfEpoch;
        BaseLearningRate = state.LearningRate;
        rollbacks = state.Rollbacks;
        stepLosses.Clear();
        stepLosses.AddRange(state.StepLosses);
        tables.Restore([.. state.StepLosses.Skip(stepLosses.Count - stepsOfEpoch)], [.. state.CorrectOfEpoch]);
        epochs.Clear();
        epochs.AddRange(state.Epochs);
        curve.Restore(state.Epochs);
        stopping.Restore(state.Epochs);
        bestAccuracy = epochs.Max(epoch => epoch.ValAccuracy) ?? double.NegativeInfinity;
        (kept, keptRevision) = (state, Network.Revision);
    }

    /// <summary>Copies the weights that came of the training so far to the host, their average where <see cref="TrainingOptions.WeightAverage"/> asks for one, unless they are spoiled: the last
    /// steps' losses do not show what their updates did.</summary>
    /// <returns>As <see cref="Network.ExportWeights"/> gives them; the network itself goes on with those that are not averaged.</returns>
    /// <exception cref="NonFiniteLossException">A weight is NaN or infinite.</exception>
    public IReadOnlyList<WeightTensor> ExportWeights()
    {
        IReadOnlyList<WeightTensor> weights = StepsDone == 0 ? Network.ExportWeights() : update.ExportAverage();
        foreach (WeightTensor tensor in weights)
        {
            foreach (float value in tensor.Values)
            {
                if (!float.IsFinite(value))
                {
                    throw Spoiled($"a weight in {tensor.Name} became {value}");
                }
            }
        }
        return weights;
    }

    private NonFiniteLossException Spoiled(string problem) => new($"{problem} {(StepsDone == 0 ? "before the first step" : $"after step {StepsDone} (epoch {EpochOf(StepsDone)})")}",
        EpochOf(StepsDone), StepsDone, stepLosses.Count > 0 ? stepLosses[^1] : null);

    private int EpochOf(long step) => (int)((Math.Max(step, 1) - 1) / StepsPerEpoch) + 1;

    /// <summary>Finds where it began and goes back to the last state; there the training stops, or goes on more slowly.</summary>
    private void GoBack(NonFiniteLossException found, ITrainingObserver? observer)
    {
        TrainingState state = kept!;
        NonFiniteOrigin? origin = Search(state, found.Step);
        Restore(state);
        if (Options.OnNonFinite == NonFinitePolicy.Stop || rollbacks == MostRollbacks)
        {
            string advice = Options.OnNonFinite == NonFinitePolicy.Stop
                ? $"try a smaller --learning-rate from step {state.Step} on"
                : string.Create(CultureInfo.InvariantCulture, $"the training went back {MostRollbacks} times, to a learning rate of {BaseLearningRate:0.######}: try a smaller --learning-rate");
            throw new NonFiniteLossException(found, origin, advice);
        }
        var back = new Rollback(new NonFiniteLossException(found, origin, $"back to step {state.Step} with half the learning rate"), state.Step, BaseLearningRate / 2, rollbacks + 1);
        Restore(state with { LearningRate = back.LearningRate, Rollbacks = back.Number });
        observer?.OnRollback(back);
    }

    /// <summary>Does the steps from a state on again and looks at all they compute.</summary>
    private NonFiniteOrigin? Search(TrainingState state, long last)
    {
        Restore(state);
        var search = new NonFiniteSearch(Network, update);
        for (int index = state.StepsOfEpoch; index < StepsPerEpoch && StepsBefore + index < last && search.Origin is null; index++)
        {
            search.Step(training, tables, index, index * Options.BatchSize, PassOf(index), LearningRateOf(StepsBefore + index + 1));
        }
        update.ExchangeAverage();
        for (int first = 0; first < ValidationImages && last == StepsBefore + StepsPerEpoch && search.Origin is null; first += Network.MaxBatch)
        {
            search.Forward(validation!, first, ValidationPass(first));
        }
        update.ExchangeAverage();
        return search.Origin;
    }

    private static void RequireSame(string what, object ofState, object own)
    {
        if (!ofState.Equals(own))
        {
            throw new StateMismatchException($"the state belongs to another training: its {what} is {ValueRange.Text(ofState)}, "
                + $"here it is {ValueRange.Text(own)}");
        }
    }
}
