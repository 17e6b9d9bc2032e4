using System.Text.Json;
using System.Text.Json.Serialization;
using ILGPU;

namespace GpuCnn;

/// <summary>The rule by which weights change. Optimizers of the same type are equal. As text an optimizer is its name.</summary>
[JsonConverter(typeof(OptimizerConverter))]
public abstract record Optimizer
{
    private static readonly SortedList<string, Optimizer> Registered = new(StringComparer.Ordinal);

    private protected Optimizer()
    {
    }

    /// <summary>All optimizers, in the order of their names.</summary>
    public static IReadOnlyList<Optimizer> All => Registered.Values.AsReadOnly();

    /// <summary>Its name, as <c>--optimizer</c> and a model's recipe take it.</summary>
    public abstract string Name { get; }

    /// <summary>What a report calls it.</summary>
    public abstract string Title { get; }

    /// <summary>What it does, in a few words.</summary>
    public abstract string Description { get; }

    /// <summary>The learning rate unless another is set.</summary>
    public abstract double DefaultLearningRate { get; }

    /// <summary>The weight decay unless another is set.</summary>
    public virtual double DefaultWeightDecay => 0;

    /// <summary>Whether a weight decay may be set.</summary>
    public virtual bool TakesWeightDecay => true;

    /// <summary>What a checkpoint says; it reads the name too.</summary>
    internal virtual string CheckpointName => Name;

    /// <summary>What is kept from step to step: arrays laid out as the parameters are, zeros before the first step.</summary>
    internal abstract IReadOnlyList<OptimizerState> States { get; }

    /// <summary>Finds an optimizer.</summary>
    /// <exception cref="ArgumentException">No optimizer has that name.</exception>
    public static Optimizer Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Registered.GetValueOrDefault(name)
            ?? throw TrainingOptions.Refusal(nameof(Optimizer),
                $"must be {PlainText.Or([.. Registered.Keys])}, not '{PlainText.Beginning(name, LearningRateSchedule.LongestText)}'");
    }

    /// <summary>The name.</summary>
    public sealed override string ToString() => Name;

    /// <summary>Changes the parameters once.</summary>
    internal abstract void Step(in OptimizerStep step);

    /// <summary>Each optimizer calls it when the program starts; nothing else lists them.</summary>
    private protected static void Register(Optimizer optimizer) => Registered.Add(optimizer.Name, optimizer);
}

/// <summary>An array that an optimizer keeps.</summary>
/// <param name="Name">What its tensors' names begin with in a checkpoint, before a slash.</param>
/// <param name="Words">What a message says before a weight's name: <c>the velocity of </c>.</param>
internal sealed record OptimizerState(string Name, string Words);

/// <summary>What an optimizer's step gets.</summary>
/// <param name="Device">The device that holds the arrays.</param>
/// <param name="Parameters">[<paramref name="Count"/>], changed in place, as are the states.</param>
/// <param name="Gradients">[<paramref name="Count"/>].</param>
/// <param name="States">Arrays [<paramref name="Count"/>] in the order of <see cref="Optimizer.States"/>.</param>
/// <param name="Count">The number of parameters.</param>
/// <param name="Number">The step of the run, from 1.</param>
/// <param name="LearningRate">The step's learning rate.</param>
/// <param name="WeightDecay">How fast weights shrink.</param>
/// <param name="DecayRanges">Which parameters shrink: ascending bounds, from each first one to in front of each second one.</param>
/// <param name="GradientScale">[1], what gradients are multiplied by; empty for 1.</param>
internal readonly record struct OptimizerStep(Device Device, ArrayView<float> Parameters, ArrayView<float> Gradients,
    ArrayView<float>[] States, int Count, long Number, double LearningRate, double WeightDecay, ArrayView<int> DecayRanges, ArrayView<float> GradientScale);

/// <summary>Optimizers in checkpoints.</summary>
internal sealed class OptimizerConverter : JsonConverter<Optimizer>
{
    public override Optimizer Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return Optimizer.All.FirstOrDefault(optimizer => text == optimizer.CheckpointName || text == optimizer.Name)
            ?? throw new JsonException("no optimizer has that name");
    }

    public override void Write(Utf8JsonWriter writer, Optimizer value, JsonSerializerOptions options) => writer.WriteStringValue(value.CheckpointName);
}
