using System.CommandLine;
using System.CommandLine.Parsing;

namespace GpuCnn.Runner.CommandLine;

/// <summary>Declares options: each declaration gives flag, help text, default, parser and check.</summary>
internal static class Flag
{
    /// <summary>A switch, off unless given.</summary>
    public static Option<bool> Switch(string name, string help) => new(name) { Description = help, Arity = ArgumentArity.Zero };

    /// <summary>A number within bounds.</summary>
    public static Option<T> Number<T>(string name, ValueRange range, string help, T preset) where T : struct =>
        Declare(name, range.Placeholder, $"{help}; {range.Bounds}", text => (T)Parse(name, range, text), preset);

    /// <summary>A number within bounds, null when it is not given; then the preset, in words, holds.</summary>
    public static Option<T?> OptionalNumber<T>(string name, ValueRange range, string help, string? preset = null) where T : struct =>
        Declare<T?>(name, range.Placeholder, $"{help}; {range.Bounds}{(preset is null ? "" : $" [default: {preset}]")}",
            text => (T)Parse(name, range, text), null);

    /// <exception cref="OptionException">The text is not in the range.</exception>
    public static object Parse(string name, ValueRange range, string text) =>
        range.Parse(text) ?? throw OptionException.NotAllowed(name, range.Words, $"'{text}'");

    /// <summary>Text, perhaps read into something else.</summary>
    /// <typeparam name="T">What it is read into.</typeparam>
    /// <param name="name">The flag.</param>
    /// <param name="valueName">What stands for the value in the help.</param>
    /// <param name="help">What it is.</param>
    /// <param name="parse">Reads it; an exception's message says what is wrong.</param>
    /// <param name="preset">Its value when it is not given.</param>
    public static Option<T> Declare<T>(string name, string valueName, string help, Func<string, T> parse, T preset)
    {
        bool named = typeof(T).IsEnum;
        if (named && !EqualityComparer<T>.Default.Equals(preset, default))
        {
            throw new ArgumentException($"{name}: the preset of an enumeration is its first member", nameof(preset));
        }
        var option = new Option<T>(name) { Description = named ? $"{help} [default: {NameOf(preset!)}]" : help, HelpName = valueName, CustomParser = result => Read(result, name, parse) };
        // The library would show the name of an enumeration's member, which no option takes; without a preset it takes the first.
        if (preset is not null && !named)
        {
            option.DefaultValueFactory = _ => preset;
        }
        return option;
    }

    /// <summary>A path, or another text that must not be empty.</summary>
    /// <param name="name">The flag.</param>
    /// <param name="valueName">What stands for the value in the help.</param>
    /// <param name="help">What it is.</param>
    /// <param name="preset">Its value when it is not given.</param>
    public static Option<string?> Text(string name, string valueName, string help, string? preset = null) =>
        Declare<string?>(name, valueName, help, text => text.Length > 0 ? text : throw new OptionException(name, $"it is empty: give a {valueName}"), preset);

    /// <summary>Whether an option stands on the command line, and is not left to its default.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="option">The option, which the command need not have.</param>
    public static bool IsGiven(this ParseResult parsed, Option option) => parsed.GetResult(option) is { IdentifierTokenCount: > 0 };

    /// <summary>Says that there is no command without an option.</summary>
    /// <typeparam name="T">The option's type.</typeparam>
    /// <param name="option">The option.</param>
    /// <returns>The option.</returns>
    public static Option<T> MustBeGiven<T>(this Option<T> option)
    {
        option.Required = true;
        return option;
    }

    /// <summary>Says which values a shell may offer for an option.</summary>
    /// <typeparam name="T">The option's type.</typeparam>
    /// <param name="option">The option.</param>
    /// <param name="values">The values.</param>
    /// <returns>The option.</returns>
    public static Option<T> Offering<T>(this Option<T> option, params IEnumerable<string> values)
    {
        // What the library offers by itself are the names of an enumeration's members, which no option takes.
        option.CompletionSources.Clear();
        option.CompletionSources.Add([.. values]);
        return option;
    }

    /// <summary>A member of an enumeration as a user writes it: <c>SomeThing</c> is <c>some-thing</c>.</summary>
    private static string NameOf(object member) =>
        string.Concat(member.ToString()!.Select((letter, i) => char.IsUpper(letter) ? $"{(i > 0 ? "-" : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));

    private static T? Read<T>(ArgumentResult result, string name, Func<string, T> parse)
    {
        string text = result.Tokens[0].Value;
        if (text.StartsWith("--", StringComparison.Ordinal))
        {
            result.AddError($"{name}: it needs a value, but '{text}' follows");
            return default;
        }
        try
        {
            return parse(text);
        }
        catch (ArgumentException exception) when (OptionException.Of(exception) is { } problem)
        {
            result.AddError(problem.Message);
        }
        catch (Exception exception) when (exception is OptionException or InvalidFileException)
        {
            result.AddError(exception.Message);
        }
        catch (Exception exception) when (exception is AcceleratorException or ModelException)
        {
            result.AddError($"{name}: {exception.Message}");
        }
        return default;
    }
}
