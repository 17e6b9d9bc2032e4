using System.Diagnostics;
using CsCheck;

namespace GpuCnn.Fuzz;

/// <summary>What was found.</summary>
/// <param name="Target">The parser.</param>
/// <param name="Number">The number that the input is made from.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Input">The smallest content found that shows it.</param>
internal sealed record Finding(Target Target, ulong Number, string Problem, byte[] Input);

/// <summary>Runs a parser over many inputs. An input follows from the parser's name and a number alone, so that a run can be repeated, continued and divided.</summary>
internal sealed class Campaign : IDisposable
{
    /// <summary>Every so many-th input is made from scratch.</summary>
    private const int StructuresEvery = 3;

    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private readonly Target target;
    private readonly string folder, path;
    private readonly Timer watchdog;
    private long started;
    private ulong current;

    /// <summary>Prepares a folder of its own.</summary>
    /// <param name="target">The parser.</param>
    public Campaign(Target target)
    {
        this.target = target;
        folder = Directory.CreateTempSubdirectory("gpucnn-fuzz-").FullName;
        path = Path.Combine(folder, target.File);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        target.Surround(folder);
        watchdog = new Timer(_ => EndIfHanging(), null, LongestSilence, LongestSilence);
    }

    /// <summary>An input.</summary>
    /// <param name="target">The parser.</param>
    /// <param name="number">Its number.</param>
    public static byte[] Input(Target target, ulong number)
    {
        var random = new PCG(1 + (uint)Hash(target.Name), number);
        return target.Structures is { } structures && number % StructuresEvery == 0
            ? structures.Generate(random, null, out _)
            : target.Finish(Mutator.Mutate(random, target.Seeds, target.Words));
    }

    /// <summary>Runs inputs one after the other and goes on after a finding, but not with what was found already.</summary>
    /// <param name="first">The first number.</param>
    /// <param name="count">How many.</param>
    /// <param name="found">Told of each finding, made as small as it gets.</param>
    public void Run(ulong first, long count, Action<Finding> found)
    {
        foreach (byte[] seed in target.Seeds)
        {
            // A parser that has not run yet allocates what it keeps.
            Judge(target.Finish(seed));
        }
        var known = new HashSet<string>();
        for (ulong number = first; number < first + (ulong)count; number++)
        {
            Volatile.Write(ref current, number);
            byte[] input = Input(target, number);
            if (Judge(input) is { } problem && known.Add(Kind(problem)))
            {
                found(new Finding(target, number, problem, Shrink(input, Kind(problem))));
            }
        }
    }

    /// <summary>What is wrong with how the parser reads a content; null when nothing is.</summary>
    /// <param name="input">The content.</param>
    public string? Judge(byte[] input)
    {
        File.WriteAllBytes(path, input);
        Volatile.Write(ref started, Stopwatch.GetTimestamp());
        string? problem = Oracle.Judge(target, path);
        Volatile.Write(ref started, 0);
        return problem;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watchdog.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Not the strings' own hash, which differs from process to process.</summary>
    private static ulong Hash(string text) => text.Aggregate(14695981039346656037ul, (hash, letter) => (hash ^ letter) * 1099511628211);

    /// <summary>A problem without what differs from input to input.</summary>
    private static string Kind(string problem) => problem.Split(" in /", 2)[0].Split(": ", 2)[0] is { } kind ? string.Concat(kind.Where(each => !char.IsAsciiDigit(each))) : problem;

    /// <summary>Takes parts away as long as the same problem stays.</summary>
    private byte[] Shrink(byte[] input, string kind)
    {
        var clock = Stopwatch.StartNew();
        for (int part = Math.Max(1, input.Length / 2); ; part /= 2)
        {
            for (int at = 0; at < input.Length && clock.Elapsed < LongestSilence / 2;)
            {
                byte[] smaller = [.. input[..at], .. input[Math.Min(input.Length, at + part)..]];
                if (Judge(smaller) is { } problem && Kind(problem) == kind)
                {
                    input = smaller;
                }
                else
                {
                    at += part;
                }
            }
            if (part <= 1)
            {
                return input;
            }
        }
    }

    private void EndIfHanging()
    {
        long since = Volatile.Read(ref started);
        if (since != 0 && Stopwatch.GetElapsedTime(since) > LongestSilence)
        {
            // A thread cannot be stopped from outside; the command that repeats the input is what is needed.
            Environment.FailFast($"{target.Name} hangs: --target {target.Name} --first {Volatile.Read(ref current)} --count 1");
        }
    }
}
