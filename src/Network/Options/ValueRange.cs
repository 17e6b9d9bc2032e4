using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GpuCnn;

/// <summary>The values that an option may have, said once: for its check, its flag, its JSON, the schema and every message.</summary>
internal abstract class ValueRange
{
    /// <summary>The values in words, as they follow "must be".</summary>
    public abstract string Words { get; }

    /// <summary>The values as a line of help shows them.</summary>
    public virtual string Bounds => Words;

    /// <summary>What stands for a value in a help text.</summary>
    public virtual string Placeholder => "NAME";

    /// <summary>What a shell offers.</summary>
    public virtual IReadOnlyList<string> Offers => [];

    /// <summary>The keys of its JSON schema.</summary>
    public abstract IEnumerable<(string Key, JsonNode Value)> Schema { get; }

    public abstract bool Allows(object value);

    /// <exception cref="ArgumentOutOfRangeException">The value of a property is not allowed.</exception>
    public void Check(string property, object value)
    {
        if (!Allows(value))
        {
            throw new ArgumentOutOfRangeException(property, $"{property} must be {Words}, not {Text(value)}");
        }
    }

    /// <summary>Reads a value from a command line; null when it is not allowed.</summary>
    public abstract object? Parse(string text);

    /// <summary>Reads a value from JSON; null when it is not allowed.</summary>
    public abstract object? Read(JsonElement element);

    /// <summary>A value as a command line has it.</summary>
    public static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    public static void Write(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case int whole:
                json.WriteNumber(name, whole);
                break;
            case ulong whole:
                json.WriteNumber(name, whole);
                break;
            case double number:
                json.WriteNumber(name, number);
                break;
            case bool on:
                json.WriteBoolean(name, on);
                break;
            default:
                json.WriteString(name, (string)value);
                break;
        }
    }
}

/// <summary>Whole numbers with both bounds.</summary>
internal sealed class IntegerRange<T>(T min, T max) : ValueRange where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
{
    public override string Words => $"a whole number {(max == T.MaxValue ? $"of {Bounds}" : $"from {Bounds}")}";

    public override string Bounds => max == T.MaxValue ? $"at least {Text(min)}" : $"{Text(min)} to {Text(max)}";

    public override string Placeholder => "N";

    public override IEnumerable<(string Key, JsonNode Value)> Schema =>
        [("type", "integer"), ("minimum", long.CreateChecked(min)), .. max == T.MaxValue ? [] : ((string, JsonNode)[])[("maximum", long.CreateChecked(max))]];

    public override bool Allows(object value) => (T)value >= min && (T)value <= max;

    public override object? Parse(string text) =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value) && Allows(value) ? value : null;

    public override object? Read(JsonElement element) => element.ValueKind == JsonValueKind.Number ? Parse(element.GetRawText()) : null;
}

/// <summary>Finite numbers from one bound to another.</summary>
/// <param name="min">The lower bound.</param>
/// <param name="max">The upper bound; infinity for none.</param>
/// <param name="above">Whether a value must be above the lower bound.</param>
/// <param name="below">Whether a value must be below the upper bound.</param>
internal sealed class NumberRange(double min, double max, bool above = false, bool below = false) : ValueRange
{
    public override string Words => above || below || double.IsInfinity(max) ? Bounds : $"a number from {Bounds}";

    public override string Bounds => (above || below, double.IsInfinity(max)) switch
    {
        (false, false) => $"{Text(min)} to {Text(max)}",
        (_, true) => $"{(above ? "above" : "at least")} {Text(min)}",
        _ => $"{(above ? "above" : "at least")} {Text(min)} and {(below ? "below" : "at most")} {Text(max)}",
    };

    public override string Placeholder => "N";

    public override IEnumerable<(string Key, JsonNode Value)> Schema =>
    [
        ("type", "number"), (above ? "exclusiveMinimum" : "minimum", min),
        .. double.IsInfinity(max) ? [] : ((string, JsonNode)[])[(below ? "exclusiveMaximum" : "maximum", max)],
    ];

    public override bool Allows(object value) =>
        (double)value is var number && double.IsFinite(number)
        && (above ? number > min : number >= min) && (below ? number < max : number <= max);

    public override object? Parse(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && Allows(value) ? value : null;

    public override object? Read(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && Allows(value) ? value : null;
}

/// <summary>One of some names.</summary>
internal sealed class ChoiceRange(IReadOnlyList<string> names) : ValueRange
{
    public override string Words => PlainText.Or(names);

    public override IReadOnlyList<string> Offers => names;

    public override IEnumerable<(string Key, JsonNode Value)> Schema => [("enum", new JsonArray([.. names.Select(name => (JsonNode)name)]))];

    public override bool Allows(object value) => names.Contains(value);

    public override object? Parse(string text) => Allows(text) ? text : null;

    public override object? Read(JsonElement element) => element.ValueKind == JsonValueKind.String ? Parse(element.GetString()!) : null;
}

/// <summary>A text with a syntax of its own, which whoever takes the value checks.</summary>
internal sealed class TextRange(string syntax, params IReadOnlyList<string> offers) : ValueRange
{
    public override string Words => syntax;

    public override IReadOnlyList<string> Offers => offers;

    public override IEnumerable<(string Key, JsonNode Value)> Schema => [("type", "string")];

    public override bool Allows(object value) => value is string;

    public override object? Parse(string text) => text;

    public override object? Read(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;
}

/// <summary>On or off.</summary>
internal sealed class SwitchRange : ValueRange
{
    public override string Words => "true or false";

    public override IEnumerable<(string Key, JsonNode Value)> Schema => [("type", "boolean")];

    public override bool Allows(object value) => value is bool;

    public override object? Parse(string text) => bool.TryParse(text, out bool value) ? value : null;

    public override object? Read(JsonElement element) => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetBoolean() : null;
}
