// TorchSharp (libtorch, oneDNN, MKL), as a worker of the training benchmark.
//   torchsharp-worker MODEL THREADS DATA BATCH SAMPLES [plain]
// Tuned: channels_last, and freed memory kept by the process. "plain" is what a newcomer writes: no memory layout, the C library's default heap.
using System.Globalization;
using GpuCnn;
using GpuCnn.Benchmarks;
using GpuCnn.Benchmarks.TorchSharp;

int threads = int.Parse(args[1], CultureInfo.InvariantCulture), batch = int.Parse(args[3], CultureInfo.InvariantCulture), samples = int.Parse(args[4], CultureInfo.InvariantCulture);
bool tuned = args.Length < 6 || args[5] != "plain";
if (tuned)
{
    Heap.KeepFreedMemory();
}
using var contestant = new Contestant(ModelZoo.Find(args[0]), threads, args[2], batch, samples, tuned);
Worker.Serve(contestant);
