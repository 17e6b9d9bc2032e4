using GpuCnn.Kernels;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace GpuCnn.Benchmarks.Operations;

/// <summary>TorchSharp's layers and parts of recipes that the three models have not: what computes, and what compares the results.</summary>
internal static class TorchLayers
{
    /// <summary>A layer or its gradient.</summary>
    public static (Func<Tensor[]>, Func<Tensor[], IEnumerable<string?>>) Of(KernelCase one)
    {
        switch (one)
        {
            case BatchNormCase c:
                Tensor input = Images(c.Input.Host, c.Batch, c.Height, c.Width, c.Channels), parameters = tensor(c.Parameters.Host, [2, c.Channels]), running = tensor(c.Running.Host, [2, c.Channels]);
                return (() =>
                {
                    using var _ = no_grad();
                    return [Normalize(input, running, parameters[0], parameters[1], c.HasRelu)];
                }, results => [c.Output.Difference(Pixels(results[0]))]);
            case BatchNormGradientCase c:
                // Moments are those of the graph's own input, so numbers are not those of the case.
                Tensor images = Images(c.Input.Host, c.Batch, c.Height, c.Width, c.Channels).requires_grad_(), values = tensor(c.Parameters.Host, [2, c.Channels]);
                Tensor weight = values[0].clone().requires_grad_(), bias = values[1].clone().requires_grad_();
                Tensor output = Normalize(images, zeros(2, c.Channels), weight, bias, c.HasRelu), upstream = Images(c.GradOutput.Host, c.Batch, c.Height, c.Width, c.Channels);
                return (() => [.. autograd.grad([output], [images, weight, bias], [upstream], retain_graph: true)], _ => []);
            case ActivationCase c:
                Tensor x = tensor(c.Input.Host);
                return (() => [Activate(c.Op, x)], results => [c.Output.Difference(TorchPeer.Values(results[0]))]);
            case ActivationGradientCase c:
                // Ours are asked from the output where that is enough, so numbers are not those of the case.
                Tensor known = tensor(c.Known.Host).requires_grad_(), activated = Activate(c.Op.Replace("Gradient", ""), known), gradient = tensor(c.Gradient.Host);
                return (() => [.. autograd.grad([activated], [known], [gradient], retain_graph: true)], _ => []);
            case AddCase c:
                Tensor left = tensor(c.Left.Host), right = tensor(c.Right.Host);
                return (() => [left.add(right).relu_()], results => [c.Output.Difference(TorchPeer.Values(results[0]))]);
            case AveragePool2dCase c:
                Tensor pixels = Images(c.Input.Host, c.Batch, c.Sizes);
                return (() => [Pool(pixels, c.Sizes)], results => [c.Output.Difference(Pixels(results[0]))]);
            case AveragePool2dGradientCase c:
                Tensor pooledFrom = Images(TorchPeer.Random(c.Batch * c.Sizes.InputCount), c.Batch, c.Sizes).requires_grad_(), pooled = Pool(pooledFrom, c.Sizes);
                Tensor above = Images(c.GradOutput.Host, c.Batch, c.Sizes.OutputHeight, c.Sizes.OutputWidth, c.Sizes.Channels);
                return (() => [.. autograd.grad([pooled], [pooledFrom], [above], retain_graph: true)], results => [c.GradInput.Difference(Pixels(results[0]))]);
            default:
                throw new ArgumentException($"TorchSharp has no {one.Op} here");
        }
    }

    /// <summary>The norm and the factor.</summary>
    public static (Func<Tensor[]>, Func<Tensor[], IEnumerable<string?>>) Clip(GradientClipCase c)
    {
        Tensor gradients = tensor(c.Gradients.Host);
        return (() =>
        {
            Tensor norm = gradients.norm();
            return [stack([norm, (1 / (norm + 1e-6)).clamp_max(1)])];
        }, results => [c.Norm.Difference(TorchPeer.Values(results[0]))]);
    }

    /// <summary>A step of an average.</summary>
    public static (Func<Tensor[]>, Func<Tensor[], IEnumerable<string?>>) Average(MovingAverageCase c)
    {
        Tensor averages = tensor(c.Averages.Host), values = tensor(c.Values.Host);
        return (() => [averages.lerp(values, 0.01)], results => [c.Averages.Difference(TorchPeer.Values(results[0]))]);
    }

    private static Tensor Normalize(Tensor input, Tensor running, Tensor weight, Tensor bias, bool relu)
    {
        Tensor output = Functional.batch_norm(input, running[0], running[1], weight, bias, training: true, momentum: 0.1, eps: NormCase.Epsilon);
        return relu ? output.relu() : output;
    }

    private static Tensor Activate(string activation, Tensor x) => activation switch
    {
        "Relu" => x.relu(),
        "LeakyRelu" => Functional.leaky_relu(x, ActivationEntry.Slope),
        "Gelu" => Functional.gelu(x),
        "Silu" => Functional.silu(x),
        "HardSwish" => x.hardswish(),
        "Relu6" => Functional.relu6(x),
        "Tanh" => x.tanh(),
        "Sigmoid" => x.sigmoid(),
        "Elu" => Functional.elu(x, 1),
        _ => throw new ArgumentException($"TorchSharp has no {activation} here"),
    };

    private static Tensor Pool(Tensor images, Pool2dShape s) => Functional.avg_pool2d(images, [s.WindowHeight, s.WindowWidth], [s.Stride, s.Stride]);

    private static Tensor Images(float[] values, int batch, Pool2dShape s) => Images(values, batch, s.Height, s.Width, s.Channels);

    private static Tensor Images(float[] values, int batch, int height, int width, int channels) => tensor(values, [batch, height, width, channels]).permute(0, 3, 1, 2);

    private static float[] Pixels(Tensor images) => TorchPeer.Values(images.permute(0, 2, 3, 1));
}
