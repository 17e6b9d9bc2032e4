// GpuCnn beside TorchSharp: epochs, first step, memory, latency, throughput, evaluation.
//   dotnet run -c Release --project benchmarks/Training -- [--threads N] [--rounds N] [--models cnn1 cnn2 cnn3] [--scaling]
// Prints tables and writes benchmarks/results/training-N-threads.json; with --scaling, GpuCnn alone: 1 and N threads, narrower vectors, batch sizes, in scaling.json.
using System.CommandLine;
using GpuCnn.Benchmarks;
using GpuCnn.Benchmarks.Training;

var threads = new Option<int>("--threads") { Description = "Threads of an operation", DefaultValueFactory = _ => Environment.ProcessorCount };
var rounds = new Option<int>("--rounds") { Description = "Epochs that count, and repetitions of the rest", DefaultValueFactory = _ => 5 };
var models = new Option<string[]>("--models") { Description = "Models", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["cnn1", "cnn2", "cnn3"] };
var scaling = new Option<bool>("--scaling") { Description = "Measure GpuCnn alone: threads, vector widths, batch sizes" };
var command = new RootCommand("Training benchmark.") { threads, rounds, models, scaling };
command.SetAction(parsed =>
{
    int count = parsed.GetValue(threads), times = parsed.GetValue(rounds);
    bool alone = parsed.GetValue(scaling);
    var rows = new List<object>();
    foreach (string model in parsed.GetValue(models)!)
    {
        rows.Add(alone ? new Scaling(model, count, times).Run() : new Comparison(model, count, times).Run());
    }
    Console.WriteLine($"\nwritten: {Repository.Keep(alone ? "scaling.json" : $"training-{count}-threads.json", new { Threads = count, Rows = rows })}");
});
return command.Parse(args).Invoke();
