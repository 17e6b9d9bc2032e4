using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace GpuCnn;

/// <summary>How the learning rate changes during a training: what share of <see cref="TrainingOptions.LearningRate"/> each step takes. The curves are those of PyTorch's
/// schedulers of the same names. As text a schedule is its name and its parameters, <c>step=10:0.1</c>: on a command line, in a run's files and in checkpoints.</summary>
[JsonConverter(typeof(ScheduleConverter))]
public abstract record LearningRateSchedule
{
    /// <summary>The property that messages name.</summary>
    internal const string Property = nameof(TrainingOptions.Schedule);

    /// <summary>What a message repeats of a text, which may come from a file.</summary>
    internal const int LongestText = 60;

    private static readonly (string Name, string Syntax, Func<Parameters, LearningRateSchedule> Make)[] Kinds =
    [
        ("constant", "constant", _ => new ConstantSchedule()),
        ("cosine", "cosine[=END]", CosineSchedule.Of),
        ("one-cycle", "one-cycle[=RISE]", OneCycleSchedule.Of),
        ("step", "step[=EPOCHS[:FACTOR]]", StepSchedule.Of),
        ("plateau", "plateau[=EPOCHS[:FACTOR[:METRIC]]]", PlateauSchedule.Of),
    ];

    private protected LearningRateSchedule()
    {
    }

    /// <summary>The names of all schedules.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Kinds.Select(kind => kind.Name)];

    /// <summary>How each is written.</summary>
    public static IReadOnlyList<string> Syntaxes { get; } = [.. Kinds.Select(kind => kind.Syntax)];

    /// <summary>Its name.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the curve depends on the number of epochs, so that a training of more epochs has other rates from its first step on.</summary>
    public virtual bool SpansAllEpochs => false;

    /// <summary>Epochs at a training's start whose rate it cannot change; a shorter training has nothing of it.</summary>
    public virtual int EpochsUnchanged => 0;

    /// <summary>Whether it has a warm-up of its own.</summary>
    internal virtual bool WarmsUp => false;

    /// <summary>Whether it looks at images held out.</summary>
    internal virtual bool NeedsValidation => false;

    /// <summary>Its parameters as text, in order.</summary>
    private protected virtual IReadOnlyList<string> Texts => [];

    /// <summary>Reads a schedule; parameters that are left out have their defaults.</summary>
    /// <param name="text">A name, perhaps followed by <c>=</c> and parameters with colons between them.</param>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static LearningRateSchedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('=', 2);
        foreach ((string name, string syntax, Func<Parameters, LearningRateSchedule> make) in Kinds)
        {
            if (name == parts[0])
            {
                var parameters = new Parameters(text, syntax, parts.Length > 1 ? parts[1].Split(':') : []);
                LearningRateSchedule schedule = make(parameters);
                parameters.End();
                schedule.Validate();
                return schedule;
            }
        }
        throw TrainingOptions.Refusal(Property, $"must be {string.Join(", ", Syntaxes)}, not '{PlainText.Beginning(text, LongestText)}'");
    }

    /// <summary>The schedule as <see cref="Parse"/> reads it, with all its parameters.</summary>
    public sealed override string ToString() => Texts.Count == 0 ? Name : $"{Name}={string.Join(':', Texts)}";

    /// <summary>The schedule in words, for a heading.</summary>
    public abstract string Describe();

    /// <summary>Checks the parameters.</summary>
    /// <exception cref="ArgumentException">One is out of range.</exception>
    internal virtual void Validate()
    {
    }

    /// <summary>The share of the learning rate that a step takes.</summary>
    /// <param name="step">The step, from 0, counted from the end of the warm-up.</param>
    /// <param name="steps">Steps of the whole training behind the warm-up.</param>
    internal virtual double ShareAt(long step, long steps) => 1;

    /// <summary>The share of the learning rate that the steps of an epoch take.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    internal virtual double ShareIn(int epoch) => 1;

    /// <summary>Follows the epochs and lowers the rate; null for a schedule that looks at none.</summary>
    internal virtual PlateauWatch? Watch() => null;

    /// <summary>A number as <see cref="Parse"/> reads it.</summary>
    private protected static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>Refuses a parameter's value unless it is allowed; the allowed values follow its name in the message.</summary>
    private protected void Require(bool isAllowed, string name, double value, string allowed)
    {
        if (!isAllowed)
        {
            throw TrainingOptions.Refusal(Property, $"{Name} must have {name} {allowed}, not {value}");
        }
    }

    /// <summary>The parameters of a text, taken one after the other.</summary>
    internal sealed class Parameters(string text, string syntax, string[] values)
    {
        private int taken;

        /// <summary>The next number, or what it is unless given.</summary>
        public T Next<T>(T preset) where T : ISpanParsable<T> => Next() is not { } value ? preset
            : !value.Contains(',', StringComparison.Ordinal) && T.TryParse(value, CultureInfo.InvariantCulture, out T? number) ? number
            : throw Refuse();

        /// <summary>The next word; null unless given.</summary>
        public string? Next() => taken < values.Length ? values[taken++] : null;

        /// <summary>Refuses what is more than the schedule takes.</summary>
        public void End()
        {
            if (taken < values.Length)
            {
                throw Refuse();
            }
        }

        private ArgumentException Refuse() => TrainingOptions.Refusal(Property, $"must be {syntax}, not '{PlainText.Beginning(text, LongestText)}'");
    }
}

/// <summary>The learning rate stays.</summary>
public sealed record ConstantSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override string Name => "constant";

    /// <inheritdoc/>
    public override string Describe() => "constant";
}

/// <summary>Writes schedules as their texts.</summary>
internal sealed class ScheduleConverter : JsonConverter<LearningRateSchedule>
{
    public override bool HandleNull => true;

    public override LearningRateSchedule Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return LearningRateSchedule.Parse(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("a schedule is a text"));
        }
        catch (ArgumentException exception)
        {
            throw new JsonException(exception.Message, exception);
        }
    }

    public override void Write(Utf8JsonWriter writer, LearningRateSchedule value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
