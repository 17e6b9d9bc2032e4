using System.Globalization;

namespace GpuCnn;

/// <summary>A training went back. The steps after the state will come again.</summary>
/// <param name="Cause">What had become NaN or infinite.</param>
/// <param name="Step">The last step that still counts.</param>
/// <param name="LearningRate">The learning rate from here on, of which the schedule takes its shares.</param>
/// <param name="Number">How often the training has gone back, this time included; at most <see cref="Trainer.MostRollbacks"/>.</param>
internal sealed record Rollback(NonFiniteLossException Cause, long Step, double LearningRate, int Number)
{
    /// <summary>What a training does that is back at a state: it goes on with half the learning rate, or stops.</summary>
    /// <exception cref="NonFiniteLossException">It stops.</exception>
    internal static Rollback Of(NonFiniteLossException found, NonFiniteOrigin? origin, TrainingState state, NonFinitePolicy policy)
    {
        if (policy == NonFinitePolicy.Stop)
        {
            throw new NonFiniteLossException(found, origin, $"try a smaller --learning-rate from step {state.Step} on");
        }
        if (state.Rollbacks == Trainer.MostRollbacks)
        {
            throw new NonFiniteLossException(found, origin, string.Create(CultureInfo.InvariantCulture,
                $"the training went back {state.Rollbacks} times, to a learning rate of {state.LearningRate:0.######}: try a smaller --learning-rate"));
        }
        return new Rollback(new NonFiniteLossException(found, origin, $"back to step {state.Step} with half the learning rate"), state.Step, state.LearningRate / 2, state.Rollbacks + 1);
    }
}

/// <summary>The number that became NaN or infinite before all others.</summary>
/// <param name="Step">The step that computed it; 0 for weights that came so.</param>
/// <param name="Layer">The layer's name, as in files; <c>loss</c> behind the last one, <c>gradients</c> for those of all layers together.</param>
/// <param name="Quantity">What it is, in words: <c>the output of conv1</c>, <c>the gradient of dense2.weight</c>.</param>
/// <param name="Value">What it became.</param>
internal sealed record NonFiniteOrigin(long Step, string Layer, string Quantity, float Value);

/// <summary>A loss, a weight or a moment of the optimizer became NaN or infinite. The message is one line with step, layer, last finite loss and what to try.</summary>
public sealed class NonFiniteLossException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="step">The step of the run, from 1.</param>
    /// <param name="loss">What the loss became.</param>
    /// <param name="lastFinite">The loss of the step before; null for the first.</param>
    public NonFiniteLossException(int epoch, long step, float loss, float? lastFinite)
        : this(string.Create(CultureInfo.InvariantCulture, $"the loss became {loss} at step {step} (epoch {epoch})"), epoch, step, lastFinite)
    {
    }

    /// <summary>Creates the exception for what is found after a step.</summary>
    /// <param name="problem">What became what, and when.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="step">The last step of the run, from 1; 0 before the first.</param>
    /// <param name="lastFinite">The last finite loss; null when there is none.</param>
    public NonFiniteLossException(string problem, int epoch, long step, float? lastFinite = null)
        : this(problem, epoch, step, lastFinite, null, step == 0 ? "start from other weights" : "try a smaller --learning-rate")
    {
    }

    /// <summary>Adds what doing the steps again has shown.</summary>
    internal NonFiniteLossException(NonFiniteLossException found, NonFiniteOrigin? origin, string advice)
        : this($"{found.Problem}{Explain(found, origin)}", found.Epoch, found.Step, found.LastFiniteLoss, origin, advice)
    {
    }

    private NonFiniteLossException(string problem, int epoch, long step, float? lastFinite, NonFiniteOrigin? origin, string advice)
        : base(string.Create(CultureInfo.InvariantCulture, $"{problem}{(lastFinite is { } last ? $"; the last finite loss was {last:0.####}" : "")}; {advice}"))
    {
        Problem = problem;
        Epoch = epoch;
        Step = step;
        LastFiniteLoss = lastFinite;
        Origin = origin;
    }

    /// <summary>The epoch, from 1.</summary>
    public int Epoch { get; }

    /// <summary>The step of the run at which it was noticed, from 1; 0 before the first.</summary>
    public long Step { get; }

    /// <summary>The last finite loss; null when there is none.</summary>
    public float? LastFiniteLoss { get; }

    /// <summary>Where it began; null where that was not looked for, or not found.</summary>
    internal NonFiniteOrigin? Origin { get; }

    private string Problem { get; }

    private static string Explain(NonFiniteLossException found, NonFiniteOrigin? origin) => origin is null
        ? ", but not when its steps were done again: the device or its memory erred, or weights were changed on the way"
        : string.Create(CultureInfo.InvariantCulture, $": first {origin.Quantity} became {origin.Value}{(origin.Step == found.Step ? "" : $", at step {origin.Step}")}");
}
