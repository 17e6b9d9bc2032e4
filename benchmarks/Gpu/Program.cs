// GpuCnn on a GPU, or on any OpenCL device: the tests, every kernel, kernels beside cuBLAS and beside the textbook's, epochs of the three models.
//   dotnet run -c Release --project benchmarks/Gpu -- [--accelerator cuda|opencl|cuda:1] [--quick] [--skip-tests] [--only kernels|ratios|cublas|epochs]
// Prints tables and writes benchmarks/results/gpu-KIND.json. --quick takes fewer images, batches and samples: for PoCL, which is a CPU.
using System.CommandLine;
using GpuCnn;
using GpuCnn.Benchmarks.Gpu;

var accelerator = new Option<string>("--accelerator") { Description = "cuda or opencl, with :N for the N-th; auto takes a GPU", DefaultValueFactory = _ => "auto" };
var quick = new Option<bool>("--quick") { Description = "Fewer images, batches and samples" };
var skipTests = new Option<bool>("--skip-tests") { Description = "Do not run the tests first" };
var only = new Option<string>("--only") { Description = "One part alone, without tests; nothing is written" };
only.AcceptOnlyFromAmong(GpuBenchmark.Parts);
var command = new RootCommand("GPU benchmark.") { accelerator, quick, skipTests, only };
command.SetAction(parsed =>
{
    try
    {
        return new GpuBenchmark(AcceleratorChoice.Parse(parsed.GetValue(accelerator)!), parsed.GetValue(quick), parsed.GetValue(only)).Run(parsed.GetValue(skipTests));
    }
    catch (Exception exception) when (exception is AcceleratorException or DeviceException or InvalidOperationException)
    {
        Console.Error.WriteLine($"gpu-benchmark: {exception.Message}");
        return exception is AcceleratorException ? 2 : 1;
    }
});
ParseResult result = command.Parse(args);
int code = result.Invoke();
return result.Errors.Count > 0 ? 2 : code;
