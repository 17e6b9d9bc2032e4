using System.Buffers;
using System.Reflection;
using System.Text.Json;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>The table of options: complete, and the same for flags, JSON and checks.</summary>
public sealed class TrainingOptionTableTests
{
    /// <summary>A value of each option that is not its default.</summary>
    private static readonly Dictionary<string, object> Others = new()
    {
        ["epochs"] = 3,
        ["batch_size"] = 7,
        ["optimizer"] = "adamw",
        ["learning_rate"] = 1e-13,
        ["schedule"] = "step=2:0.5",
        ["warm_up"] = 0.5,
        ["weight_decay"] = 0.3,
        ["label_smoothing"] = 0.1,
        ["gradient_clip"] = 2.0,
        ["ema"] = 0.75,
        ["augment"] = "shift=1,flip",
        ["validation_split"] = 0.3,
        ["stop_patience"] = 4,
        ["stop_metric"] = "val_accuracy",
        ["stop_min_change"] = 1e7,
        ["stop_skip"] = 2,
        ["shuffle"] = false,
        ["dropout"] = false,
        ["train_samples"] = 50,
        ["seed"] = ulong.MaxValue,
        ["on_nan"] = "rollback",
    };

    private static TrainingOptions AllOthers => TrainingOption.All.Aggregate(new TrainingOptions(), (options, option) => option.With(options, Others[option.Name]));

    [Fact]
    public void Every_property_of_the_options_has_one_entry() =>
        Assert.Equal(Properties(typeof(TrainingOptions), "").Order(), TrainingOption.All.Select(option => option.Property).Order());

    [Fact]
    public void Every_entry_sets_its_own_property_and_no_other() => Assert.All(TrainingOption.All, option =>
    {
        TrainingOptions changed = option.With(new TrainingOptions(), Others[option.Name]);
        Assert.Equal(Others[option.Name], option.Get(changed));
        Assert.NotEqual(new TrainingOptions(), changed);
        // The defaults of some follow the optimizer.
        Assert.All(TrainingOption.All.Where(other => other != option && option.Name != "optimizer"), other => Assert.Equal(other.Default, other.Get(changed)));
    });

    [Fact]
    public void What_one_form_takes_all_take()
    {
        foreach (TrainingOption option in TrainingOption.All)
        {
            object value = Others[option.Name];
            Assert.True(option.Range.Allows(option.Default), option.Name);
            Assert.True(option.Range.Allows(value), option.Name);
            Assert.Equal(value, option.Range.Parse(ValueRange.Text(value)));
            Assert.Equal(value, option.Range.Read(Json(option.Name, value).GetProperty(option.Name)));
        }
        AllOthers.Validate();
    }

    [Theory]
    [InlineData("learning_rate", "0", "1E-300", "1", "1.0000001")]
    [InlineData("weight_decay", "-1e-9", "0", "1", "1.0000001")]
    [InlineData("ema", "-1e-9", "0", "0.999999", "1")]
    [InlineData("warm_up", "-1e-9", "0", "999999", "1000000")]
    [InlineData("stop_min_change", "-1e-9", "0", "1e300", "NaN")]
    [InlineData("epochs", "0", "1", "1000000", "1000001")]
    [InlineData("batch_size", "0", "1", "65536", "65537")]
    [InlineData("train_samples", "-1", "0", "2147483647", "2147483648")]
    [InlineData("seed", "-1", "0", "18446744073709551615", "18446744073709551616")]
    public void Bounds_are_the_same_as_text_and_as_JSON(string name, string below, string first, string last, string above)
    {
        ValueRange range = TrainingOption.Named(name).Range;
        Assert.All((string[])[first, last], text =>
        {
            Assert.NotNull(range.Parse(text));
            Assert.Equal(range.Parse(text), range.Read(JsonDocument.Parse(text).RootElement));
        });
        Assert.All((string[])[below, above, "1,5", "", "x"], text => Assert.Null(range.Parse(text)));
        Assert.All((string[])[below, above == "NaN" ? "null" : above, "\"1\"", "true", "[]"], text => Assert.Null(range.Read(JsonDocument.Parse(text).RootElement)));
    }

    [Fact]
    public void Messages_take_other_names_and_others_exceptions_do_not()
    {
        ArgumentException exception = Assert.ThrowsAny<ArgumentException>((new TrainingOptions() with { WarmUp = 12 }).Validate);
        Assert.True(TrainingOption.TryTranslate(exception, option => option.Flag, out string? message));
        Assert.Equal("--warm-up must be below --epochs (10), not 12", message);
        Assert.False(TrainingOption.TryTranslate(new ArgumentNullException("network"), option => option.Flag, out _));
    }

    private static IEnumerable<string> Properties(Type type, string owner) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.Name != "EqualityContract")
        .SelectMany(property => property.PropertyType == typeof(EarlyStopping) ? Properties(property.PropertyType, $"{property.Name}.") : [owner + property.Name]);

    private static JsonElement Json(string name, object value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            ValueRange.Write(json, name, value);
            json.WriteEndObject();
        }
        return JsonDocument.Parse(buffer.WrittenMemory).RootElement;
    }
}
