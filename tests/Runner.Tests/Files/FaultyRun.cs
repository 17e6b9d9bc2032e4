using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace GpuCnn.Runner.Tests.Files;

/// <summary>A training of a model so small that hundreds of it take a minute, by the real command, and what it should leave.</summary>
internal sealed class FaultyRun
{
    public const int Epochs = 3, StepsPerEpoch = 4, CheckpointEvery = 3;

    private const string Model =
        """{ "name": "tiny", "input": [1, 28, 28], "epochs": 3, "layers": [{ "kind": "max_pool", "window": 7 }, { "kind": "flatten" }, { "kind": "dense", "units": 8 }, """
        + """{ "kind": "relu" }, { "kind": "dropout", "rate": 0.25 }, { "kind": "dense", "units": 10 }] }""";

    private static readonly Regex CheckpointName = new(@"step-[0-9]+\.safetensors$");

    private readonly string model;
    private readonly TinyData tiny;
    private readonly SortedDictionary<string, string> expected;

    public FaultyRun(TinyData tiny)
    {
        this.tiny = tiny;
        model = Path.Combine(tiny.Root, "tiny.json");
        File.WriteAllText(model, Model);
        string folder = tiny.New("reference");
        CommandRun run = Train(folder);
        if (run.ExitCode != 0)
        {
            throw new InvalidOperationException(run.Error);
        }
        expected = Contents(folder);
    }

    /// <summary>Trains from the beginning.</summary>
    public CommandRun Train(string folder, IFileCalls? calls = null) => Run(calls,
        "train", "--model", model, "--train-samples", "50", "--validation-split", "0.2", "--batch-size", "10", "--checkpoint-every", CheckpointEvery.ToString(CultureInfo.InvariantCulture),
        "--data", tiny.Data, "--accelerator", "cpu", "--threads", "1", "--no-pictures", "--output", folder);

    /// <summary>Goes on where it stopped. Nothing is really flushed: hundreds of runs would wait for the disk most of their time.</summary>
    public static CommandRun Resume(string folder) => Run(new RecordedFileCalls(), "train", "--resume", folder, "--threads", "1", "--no-pictures");

    /// <summary>What differs between a folder and that of an undisturbed run, but for times; empty when nothing does.</summary>
    public string Differences(string folder)
    {
        SortedDictionary<string, string> contents = Contents(folder);
        return string.Join(", ", expected.Keys.Union(contents.Keys).Where(name => expected.GetValueOrDefault(name) != contents.GetValueOrDefault(name)));
    }

    /// <summary>Files in a folder that are not what their names promise: empty when all are whole.</summary>
    public static string Damaged(string folder) => !Directory.Exists(folder) ? "" : string.Join(", ",
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => !IsWhole(file)).Select(file => Path.GetRelativePath(folder, file)));

    /// <summary>Gives unfinished files to a process that is gone: that of the tests, which wrote them, lives on.</summary>
    public static void Disown(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*.tmp", SearchOption.AllDirectories))
        {
            File.Move(file, file.Replace($".{Environment.ProcessId}-", $".{int.MaxValue}-", StringComparison.Ordinal));
        }
    }

    /// <summary>A text that two folders share only when everything in them is the same.</summary>
    public static string Print(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, path) + "\0"));
            if (File.Exists(path))
            {
                hash.AppendData(SHA256.HashData(File.ReadAllBytes(path)));
            }
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static CommandRun Run(IFileCalls? calls, params string[] args)
    {
        FileCalls.Substitute.Value = calls;
        try
        {
            return CommandRun.Of(args);
        }
        finally
        {
            FileCalls.Substitute.Value = null;
        }
    }

    private static SortedDictionary<string, string> Contents(string folder)
    {
        var contents = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(folder, file);
            // Which one is kept beside the newest depends on what failed.
            contents[CheckpointName.IsMatch(name) ? "newest checkpoint" : name] = name switch
            {
                // Process, times and how often it was resumed; speed; seconds.
                "state.json" => File.ReadAllText(file).Contains("\"done\"", StringComparison.Ordinal) ? "done" : "not done",
                "results.csv" => string.Join('\n', File.ReadAllLines(file).Select(line => string.Join(',', line.Split(',')[..6]))),
                "lock" => "",
                "report.json" or "args.json" => "there",
                _ when CheckpointName.IsMatch(name) => Tensors(file),
                _ => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))),
            };
        }
        return contents;
    }

    private static string Tensors(string file)
    {
        TrainingState state = Checkpoint.Load(file).State;
        return string.Join(';', state.Parts.SelectMany(part => part.InOrder).SelectMany(tensor => tensor.Values).Concat(state.StepLosses).Select(BitConverter.SingleToInt32Bits));
    }

    private static bool IsWhole(string file)
    {
        try
        {
            switch (Path.GetExtension(file))
            {
                case ".tmp":
                    return false;
                case ".safetensors" when file.Contains("step-", StringComparison.Ordinal):
                    Checkpoint.Load(file);
                    return true;
                case ".safetensors":
                    return WeightsFile.Load(file).Count > 0;
                case ".json":
                    using (System.Text.Json.JsonDocument.Parse(File.ReadAllText(file)))
                    {
                        return true;
                    }
                case ".csv" or ".txt":
                    string text = File.ReadAllText(file);
                    return text.EndsWith('\n') && (Path.GetExtension(file) == ".txt" || text.Split('\n')[..^1].Select(line => line.Count(c => c == ',')).Distinct().Count() == 1);
                default:
                    return true;
            }
        }
        catch (Exception exception) when (exception is InvalidFileException or System.Text.Json.JsonException)
        {
            return false;
        }
    }
}
