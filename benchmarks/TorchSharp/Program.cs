// Trains one of the three models with TorchSharp (libtorch, oneDNN, MKL), tuned: channels_last, and freed memory kept by the process.
//   torchsharp-peer MODEL EPOCHS THREADS DATA [plain]
// "plain" is what a newcomer writes: no memory layout, the C library's default heap. The last line is one JSON object.
using System.Diagnostics;
using System.Text.Json;
using GpuCnn;
using GpuCnn.Benchmarks.TorchSharp;
using GpuCnn.Runner.Data;
using static TorchSharp.torch;

const int batchSize = 512, validationImages = 12_000;
string model = args[0], data = args[3];
int epochs = int.Parse(args[1]), threads = int.Parse(args[2]);
bool tuned = args.Length < 5 || args[4] != "plain";
if (tuned)
{
    Heap.KeepFreedMemory();
}
set_num_threads(threads);
manual_seed(1);

ImageSet images = FashionMnist.LoadTrain(data);
long trainingImages = images.Count - validationImages;
using Tensor pixels = tensor(images.Pixels.ToArray(), [images.Count, 1, 28, 28], ScalarType.Byte).to(ScalarType.Float32).div_(255f);
using Tensor labels = tensor(images.Labels.ToArray(), [images.Count], ScalarType.Byte).to(ScalarType.Int64);
using var network = Models.Build(model, tuned);
using var adam = optim.Adam(network.parameters(), lr: 1e-3, eps: 1e-7);
var seconds = new List<double>();
double toFirstStep = 0;
for (int epoch = 0; epoch < epochs; epoch++)
{
    long start = Stopwatch.GetTimestamp();
    network.train();
    using (var epochScope = NewDisposeScope())
    {
        Tensor order = randperm(trainingImages);
        for (long at = 0; at < trainingImages; at += batchSize)
        {
            using var scope = NewDisposeScope();
            Tensor index = order.narrow(0, at, Math.Min(batchSize, trainingImages - at));
            Tensor loss = nn.functional.cross_entropy(network.forward(Models.AsInput(pixels.index_select(0, index), tuned)), labels.index_select(0, index));
            adam.zero_grad();
            loss.backward();
            adam.step();
            loss.item<float>();
            toFirstStep = toFirstStep > 0 ? toFirstStep : (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds;
        }
    }
    seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
}
network.eval();
using Tensor right = inference(() => network.forward(Models.AsInput(pixels.narrow(0, trainingImages, validationImages), tuned)).argmax(1).eq(labels.narrow(0, trainingImages, validationImages)).sum());
using Process process = Process.GetCurrentProcess();
Console.WriteLine(JsonSerializer.Serialize(new
{
    epoch_seconds = seconds,
    start_to_first_step_seconds = toFirstStep,
    validation_accuracy = (double)right.item<long>() / validationImages,
    peak_memory_bytes = process.PeakWorkingSet64,
}));

static Tensor inference(Func<Tensor> run)
{
    using var mode = inference_mode();
    return run();
}
