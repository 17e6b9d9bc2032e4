// Test accuracy of the three models over several seeds, with the 95 % half-width of the mean (Student's t).
//   dotnet run -c Release --file benchmarks/accuracy.cs -- FOLDER [SEEDS]
// Trains every model for its epochs with seeds 1 to SEEDS (3), a JSON document a run in FOLDER; a run that is there already is not repeated. Prints the table.
#:package MathNet.Numerics
#:property PublishAot=false
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

string folder = args[0];
int seeds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
string root = Path.GetFullPath(Path.Combine(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "benchmarks", ".."));
Directory.CreateDirectory(folder);
Console.WriteLine("| model | epochs | test accuracy, last weights | best weights | seconds an epoch |");
Console.WriteLine("|---|---|---|---|---|");
foreach (string model in (string[])["cnn1", "cnn2", "cnn3"])
{
    var last = new List<double>();
    var best = new List<double>();
    var seconds = new List<double>();
    for (int seed = 1; seed <= seeds; seed++)
    {
        string file = Path.Combine(folder, $"{model}.{seed}.json");
        if (!File.Exists(file))
        {
            File.WriteAllText(file, Train(root, model, seed, Path.Combine(folder, $"{model}.{seed}")));
        }
        using JsonDocument run = JsonDocument.Parse(File.ReadAllText(file));
        last.Add(run.RootElement.GetProperty("test").GetProperty("accuracy").GetDouble());
        best.Add(run.RootElement.GetProperty("test_best").GetProperty("accuracy").GetDouble());
        seconds.AddRange(run.RootElement.GetProperty("epochs").EnumerateArray().Select(epoch => epoch.GetProperty("train_seconds").GetDouble()));
    }
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| `{model}` | {seconds.Count / seeds} | {Mean(last)} | {Mean(best)} | {seconds.Median():0.00} |"));
}

static string Mean(List<double> values)
{
    double half = StudentT.InvCDF(0, 1, values.Count - 1, 0.975) * values.StandardDeviation() / Math.Sqrt(values.Count);
    return string.Create(CultureInfo.InvariantCulture, $"{values.Mean():0.0000} ± {half:0.0000}");
}

static string Train(string root, string model, int seed, string output)
{
    string[] arguments = ["run", "-c", "Release", "--project", Path.Combine(root, "src", "Runner"), "--", "train", "--model", model, "--seed", $"{seed}",
        "--data", Path.Combine(root, "data", "fashion-mnist"), "--accelerator", "cpu", "--json", "--quiet", "--progress", "none", "--output", output];
    using Process process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
    string json = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return process.ExitCode == 0 ? json : throw new InvalidOperationException($"training {model} with seed {seed} ended with {process.ExitCode}");
}
