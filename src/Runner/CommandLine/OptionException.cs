namespace GpuCnn.Runner;

/// <summary>A command line that asks for something it cannot have. The message is one line that starts with the flag.</summary>
internal sealed class OptionException : Exception
{
    public OptionException(string flag, string problem) : base($"{flag}: {problem}")
    {
    }

    private OptionException(string message) : base(message)
    {
    }

    /// <summary>A value that is not allowed; those that are follow "must be".</summary>
    public static OptionException NotAllowed(string flag, string allowed, object value) =>
        new($"{flag} must be {allowed}, not {ValueRange.Text(value)}");

    /// <summary>What the library says of an option, with the flag in place of its property; null for an exception about something else.</summary>
    public static OptionException? Of(ArgumentException exception) =>
        TrainingOption.TryTranslate(exception, option => option.Flag, out string? message) ? new(message) : null;
}
