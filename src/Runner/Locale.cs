namespace GpuCnn.Runner;

/// <summary>What the user's locale says of the terminal.</summary>
internal static class Locale
{
    /// <summary>Whether it can be shown more than ASCII. A locale named outright that is not of UTF-8 says no; with none named, as in many containers, .NET's choice stands.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static bool AllowsUnicode(Func<string, string?> variable)
    {
        string? locale = ((string[])["LC_ALL", "LC_CTYPE", "LANG"]).Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
        return OperatingSystem.IsWindows() || locale is null
            || locale.Contains("utf-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase);
    }
}
