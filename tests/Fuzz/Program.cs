// Fuzzing of everything that reads a file.
//   dotnet run -c Release --project tests/Fuzz -- [--count N] [--first N] [--target NAME ...] [--threads N]
// Prints a row a parser and exits with 1 when anything was found; each finding names the command that repeats it, and its smallest input lies in artifacts/fuzz.
//   dotnet run -c Release --project tests/Fuzz -- --target NAME --replay FILE
//   tests/Fuzz/coverage NAME SECONDS
// The last lets AFL++ choose the inputs by what code they reach.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using GpuCnn.Fuzz;

var count = new Option<long>("--count") { Description = "Inputs in all, an equal share for each parser", DefaultValueFactory = _ => 20_000 };
var first = new Option<ulong>("--first") { Description = "Number of the first input of each parser", DefaultValueFactory = _ => 0 };
var names = new Option<string[]>("--target") { Description = "Parsers", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. Targets.All.Select(target => target.Name)] };
var threads = new Option<int>("--threads") { Description = "Parsers at a time", DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount) };
var replay = new Option<string?>("--replay") { Description = "Read this file instead of made inputs" };
var coverage = new Option<bool>("--coverage") { Description = "Take inputs from AFL++ (see tests/Fuzz/coverage)" };
var seeds = new Option<string?>("--seeds") { Description = "Write the valid contents to this folder, a file each" };
var command = new RootCommand("Fuzzing of everything that reads a file.") { count, first, names, threads, replay, coverage, seeds };
command.SetAction(parsed =>
{
    if (parsed.GetValue(coverage))
    {
        Coverage.Run(parsed.GetRequiredValue(names)[0]);
        return 0;
    }
    Target[] targets = [.. parsed.GetRequiredValue(names).Select(Targets.Find)];
    if (parsed.GetValue(seeds) is { } folder)
    {
        return Runs.WriteSeeds(targets, folder);
    }
    return parsed.GetValue(replay) is { } file ? Runs.Replay(targets, file)
        : Runs.All(targets, parsed.GetValue(first), Math.Max(1, parsed.GetValue(count) / targets.Length), parsed.GetValue(threads));
});
return command.Parse(args).Invoke();

/// <summary>What the command does.</summary>
internal static class Runs
{
    /// <summary>Runs all parsers over made inputs.</summary>
    public static int All(Target[] targets, ulong first, long each, int threads)
    {
        var gate = new Lock();
        int findings = 0;
        long inputs = 0;
        var all = Stopwatch.StartNew();
        Console.WriteLine($"{each} inputs a parser, from number {first}; repeat with --first {first} --count {each * targets.Length}");
        Parallel.ForEach(targets, new ParallelOptions { MaxDegreeOfParallelism = threads }, target =>
        {
            using var campaign = new Campaign(target);
            var clock = Stopwatch.StartNew();
            int found = 0;
            campaign.Run(first, each, finding =>
            {
                found++;
                lock (gate)
                {
                    Report(finding);
                }
            });
            lock (gate)
            {
                findings += found;
                inputs += each;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name,-16} {each,9} inputs {found,3} findings {clock.Elapsed.TotalSeconds,8:0.0} s"));
            }
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"all",-16} {inputs,9} inputs {findings,3} findings {all.Elapsed.TotalSeconds,8:0.0} s, peak memory {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB"));
        return findings == 0 ? 0 : 1;
    }

    /// <summary>Reads one file.</summary>
    public static int Replay(Target[] targets, string file)
    {
        using var campaign = new Campaign(targets[0]);
        string? problem = campaign.Judge(File.ReadAllBytes(file));
        Console.WriteLine(problem ?? "nothing is wrong");
        return problem is null ? 0 : 1;
    }

    /// <summary>Writes seeds for a fuzzer of another kind.</summary>
    public static int WriteSeeds(Target[] targets, string folder)
    {
        Directory.CreateDirectory(folder);
        for (int i = 0; i < targets[0].Seeds.Count; i++)
        {
            File.WriteAllBytes(Path.Combine(folder, $"{targets[0].Name}-{i}"), targets[0].Seeds[i]);
        }
        return 0;
    }

    private static void Report(Finding finding)
    {
        string kept = Path.Combine(Directory.CreateDirectory(Path.Combine("artifacts", "fuzz", finding.Target.Name)).FullName, $"{finding.Number}");
        File.WriteAllBytes(kept, finding.Input);
        Console.WriteLine($"FOUND {finding.Target.Name}: {finding.Problem}\n  --target {finding.Target.Name} --first {finding.Number} --count 1; {finding.Input.Length} bytes in {kept}");
    }
}
