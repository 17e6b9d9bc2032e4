using System.Diagnostics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GpuCnn.Benchmarks.TorchSharp;

/// <summary>TorchSharp.</summary>
internal sealed class Contestant : IContestant
{
    private const double HeldOut = 0.2;

    private readonly string data;
    private readonly int batch, samples;
    private readonly bool channelsLast;
    private readonly Sequential network;
    private readonly OptimizerHelper adam;
    private (Tensor Pixels, Tensor Labels)? train, test;

    /// <summary>Builds the network.</summary>
    /// <param name="model">The model.</param>
    /// <param name="threads">Threads of an operation.</param>
    /// <param name="data">The folder with the four files.</param>
    /// <param name="batch">Images a step.</param>
    /// <param name="samples">Training images, those held out included.</param>
    /// <param name="channelsLast">Whether tensors lie in the layout that oneDNN is faster with.</param>
    public Contestant(ModelDefinition model, int threads, string data, int batch, int samples, bool channelsLast)
    {
        this.data = data;
        this.batch = batch;
        this.samples = samples;
        this.channelsLast = channelsLast;
        set_num_threads(threads);
        manual_seed(1);
        network = Models.Build(model.Name, channelsLast);
        adam = optim.Adam(network.parameters(), lr: 1e-3, eps: 1e-7);
    }

    /// <inheritdoc/>
    public double TrainEpoch(Action onStep)
    {
        (Tensor pixels, Tensor labels) = train ??= Load(FashionMnist.LoadTrain(data));
        long images = Math.Min(samples, pixels.shape[0]);
        images -= (long)(HeldOut * images);
        long start = Stopwatch.GetTimestamp();
        network.train();
        using var epoch = NewDisposeScope();
        Tensor order = randperm(images);
        for (long at = 0; at < images; at += batch)
        {
            using var scope = NewDisposeScope();
            Tensor index = order.narrow(0, at, Math.Min(batch, images - at));
            Tensor loss = nn.functional.cross_entropy(network.forward(Models.AsInput(pixels.index_select(0, index), channelsLast)), labels.index_select(0, index));
            adam.zero_grad();
            loss.backward();
            adam.step();
            loss.item<float>();
            onStep();
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc/>
    public void Predict(int first, int count)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        (Tensor pixels, _) = Test();
        network.forward(Models.AsInput(pixels.narrow(0, first, count), channelsLast)).data<float>().CopyTo(new float[count * 10]);
    }

    /// <inheritdoc/>
    public (double Accuracy, double Loss) Evaluate()
    {
        using var mode = inference_mode();
        (Tensor pixels, Tensor labels) = Test();
        long right = 0, images = pixels.shape[0];
        double loss = 0;
        for (long at = 0; at < images; at += Worker.Batch)
        {
            using var scope = NewDisposeScope();
            Tensor logits = network.forward(Models.AsInput(pixels.narrow(0, at, Worker.Batch), channelsLast)), wanted = labels.narrow(0, at, Worker.Batch);
            right += logits.argmax(1).eq(wanted).sum().item<long>();
            loss += nn.functional.cross_entropy(logits, wanted, reduction: nn.Reduction.Sum).item<float>();
        }
        return ((double)right / images, loss / images);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        adam.Dispose();
        network.Dispose();
        foreach (var tensors in new[] { train, test })
        {
            tensors?.Pixels.Dispose();
            tensors?.Labels.Dispose();
        }
    }

    private (Tensor Pixels, Tensor Labels) Test()
    {
        network.eval();
        return test ??= Load(FashionMnist.LoadTest(data));
    }

    private static (Tensor Pixels, Tensor Labels) Load(ImageSet images)
    {
        using var scope = NewDisposeScope();
        return (tensor(images.Pixels.ToArray(), [images.Count, 1, 28, 28], ScalarType.Byte).to(ScalarType.Float32).div_(255f).DetachFromDisposeScope(),
            tensor(images.Labels.ToArray(), [images.Count], ScalarType.Byte).to(ScalarType.Int64).DetachFromDisposeScope());
    }
}
