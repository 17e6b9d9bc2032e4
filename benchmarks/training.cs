// Epoch times of GpuCnn and of tuned TorchSharp on the same machine, in turn: one process of ours, one of theirs, and again.
//   dotnet run -c Release --file benchmarks/training.cs -- [ROUNDS] [THREADS] [MODEL...]
// Each process trains two epochs, of which the second counts: the first compiles. Writes benchmarks/results/training-N-threads.json and prints a table.
#:property PublishAot=false
#:property JsonSerializerIsReflectionEnabledByDefault=true
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
int threads = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 2;
string[] models = args.Length > 2 ? args[2..] : ["cnn1", "cnn2", "cnn3"];
string root = Path.GetFullPath(Path.Combine(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "benchmarks", ".."));
string data = Path.Combine(root, "data", "fashion-mnist"), results = Path.Combine(root, "benchmarks", "results");
Run("dotnet", "build", "-c", "Release", Path.Combine(root, "src", "Runner"));
Run("dotnet", "build", "-c", "Release", Path.Combine(root, "benchmarks", "TorchSharp"));
string ours = Path.Combine(root, "artifacts", "bin", "Runner", "release", "gpucnn.dll");
string theirs = Directory.EnumerateFiles(Path.Combine(root, "artifacts", "bin", "TorchSharp"), "torchsharp-peer.dll", SearchOption.AllDirectories).First();

var rows = new List<object>();
Console.WriteLine($"{threads} thread{(threads == 1 ? "" : "s")}, {rounds} rounds, seconds an epoch of 48,000 images: median (least to most)");
Console.WriteLine("model  GpuCnn                TorchSharp tuned      TorchSharp/GpuCnn by round: median (least to most)");
foreach (string model in models)
{
    var mine = new List<double>();
    var peer = new List<double>();
    for (int round = 0; round < rounds; round++)
    {
        string output = Path.Combine(Path.GetTempPath(), $"gpucnn-benchmark-{Environment.ProcessId}-{model}-{round}");
        using JsonDocument run = JsonDocument.Parse(Run("dotnet", ours, "train", "--model", model, "--epochs", "2", "--accelerator", "cpu", "--threads", $"{threads}", "--data", data, "--json", "--quiet", "--output", output));
        Directory.Delete(output, recursive: true);
        mine.Add(run.RootElement.GetProperty("epochs")[1].GetProperty("train_seconds").GetDouble());
        using JsonDocument torch = JsonDocument.Parse(Run("dotnet", theirs, model, "2", $"{threads}", data).Trim().Split('\n')[^1]);
        peer.Add(torch.RootElement.GetProperty("epoch_seconds")[1].GetDouble());
    }
    double[] ratios = [.. mine.Zip(peer, (a, b) => b / a)];
    Console.WriteLine($"{model,-5}  {Spread(mine),-20}  {Spread(peer),-20}  {Spread(ratios)}");
    rows.Add(new { model, gpucnn_seconds = mine, torchsharp_seconds = peer, ratios });
}
Directory.CreateDirectory(results);
string file = Path.Combine(results, $"training-{threads}-threads.json");
File.WriteAllText(file, JsonSerializer.Serialize(new
{
    date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    commit = Run("git", "-C", root, "rev-parse", "--short", "HEAD").Trim(),
    machine = Machine(),
    threads,
    rounds,
    rows,
}, new JsonSerializerOptions { WriteIndented = true }) + "\n");
Console.WriteLine($"written: {Path.GetRelativePath(Directory.GetCurrentDirectory(), file)}");

static string Machine() => (File.Exists("/proc/cpuinfo")
    ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown CPU"
    : "unknown CPU") + $", {Environment.ProcessorCount} threads";

static string Spread(IEnumerable<double> values)
{
    double[] sorted = [.. values.Order()];
    double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    return string.Create(CultureInfo.InvariantCulture, $"{median:0.00} ({sorted[0]:0.00} to {sorted[^1]:0.00})");
}

static string Run(string program, params string[] arguments)
{
    using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
    string output = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
}
