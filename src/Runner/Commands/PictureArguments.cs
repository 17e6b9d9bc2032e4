using System.CommandLine;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Pictures;

namespace GpuCnn.Runner.Commands;

/// <summary>Pictures named on the command line: files, folders, or a list on standard input.</summary>
internal static class PictureArguments
{
    /// <summary>How many pictures are held in memory at once.</summary>
    public const int AtOnce = 512;

    /// <summary>The files and folders.</summary>
    public static Argument<string[]> Declare(string description) => new("image") { Description = description, HelpName = "IMAGE", Arity = ArgumentArity.ZeroOrMore };

    /// <summary>Whether pictures are inverted.</summary>
    public static Option<Inversion> Invert { get; } = Flag.Declare("--invert", "WHEN",
        "Turn dark on light to light on dark and back: auto (each picture whose border is not like those of the training images), yes or no", Parse, Inversion.Auto).Offering("auto", "yes", "no");

    /// <summary>The files meant.</summary>
    /// <param name="host">Where a list is read from.</param>
    /// <param name="given">What was given; <c>-</c> is standard input with one name a line.</param>
    /// <exception cref="InvalidFileException">A folder has no pictures, or standard input is no list.</exception>
    public static IReadOnlyList<string> Expand(Host host, IReadOnlyList<string> given)
    {
        var files = new List<string>();
        foreach (string path in given.SelectMany(each => each == "-" ? Lines(host.In) : [each]))
        {
            if (!Directory.Exists(path))
            {
                files.Add(path);
                continue;
            }
            int before = files.Count;
            files.AddRange(Directory.EnumerateFiles(path, "*", PictureFolder.Visible).Where(ImageFile.HasImageName).Order(StringComparer.Ordinal));
            if (files.Count == before)
            {
                throw new InvalidFileException(path, "there is no PNG or JPEG file in this folder");
            }
        }
        return files;
    }

    private static IEnumerable<string> Lines(TextReader reader)
    {
        while (reader.ReadLine() is { } line)
        {
            if (line.Contains('\0', StringComparison.Ordinal))
            {
                throw new InvalidFileException("standard input", "it is no list of names of files, one a line; give a picture by its name");
            }
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return line.Trim();
            }
        }
    }

    private static Inversion Parse(string text) => text switch
    {
        "auto" => Inversion.Auto,
        "yes" => Inversion.Yes,
        "no" => Inversion.No,
        _ => throw new OptionException("--invert", $"'{text}' is not allowed: give auto, yes or no"),
    };
}
