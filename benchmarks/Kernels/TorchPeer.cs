using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace GpuCnn.Benchmarks.Operations;

/// <summary>An operation by TorchSharp, on the operands of a case: images channels_last, gradients by autograd along a graph that is kept.</summary>
internal sealed class TorchPeer : IDisposable
{
    private readonly DisposeScope memory = NewDisposeScope();
    private readonly Func<Tensor[]> compute;
    private readonly Func<Tensor[], IEnumerable<string?>> compare;

    private TorchPeer(KernelCase one) => (compute, compare) = one switch
    {
        Conv2dForwardCase c => Forward(c),
        Conv2dInputGradientCase c => Gradient(c, Random(c.Batch * c.Sizes.InputCount), c.Parameters, c.GradOutput, ofInput: true),
        Conv2dWeightGradientCase c => Gradient(c, c.Input.Host, null, c.GradOutput, ofInput: false),
        DenseCase c => Dense(c),
        SoftmaxCrossEntropyCase c => Softmax(c),
        AdamCase c => Step(c.Parameters, c.Gradients, parameter => optim.Adam([parameter], lr: 1e-3, eps: 1e-7)),
        SgdMomentumCase c => Step(c.Parameters, c.Gradients, parameter => optim.SGD([parameter], 1e-3, momentum: 0.9)),
        BatchNormCase or BatchNormGradientCase or ActivationCase or ActivationGradientCase or AddCase or AveragePool2dCase or AveragePool2dGradientCase => TorchLayers.Of(one),
        AdamWCase c => Step(c.Parameters, c.Gradients, parameter => optim.AdamW([parameter], lr: 1e-3, eps: 1e-7, weight_decay: 10)),
        SgdDecayCase c => Step(c.Parameters, c.Gradients, parameter => optim.SGD([parameter], 1e-3, momentum: 0.9, weight_decay: 10)),
        GradientClipCase c => TorchLayers.Clip(c),
        MovingAverageCase c => TorchLayers.Average(c),
        _ => Element(one),
    };

    /// <summary>Makes the tensors.</summary>
    /// <exception cref="InvalidOperationException">The native library does not load.</exception>
    public static TorchPeer Of(KernelCase one)
    {
        try
        {
            set_num_threads(CpuPeak.Threads);
        }
        catch (Exception exception) when (exception is NotSupportedException or DllNotFoundException or TypeInitializationException)
        {
            throw new InvalidOperationException("TorchSharp's native library does not load; on Debian 12 it needs a newer libstdc++, which .ci/install-opencl brings (or leave it out: --filter '*GpuCnn' '*Naive')", exception);
        }
        return new TorchPeer(one);
    }

    /// <summary>Computes and forgets.</summary>
    public void Run()
    {
        using var scope = NewDisposeScope();
        compute();
    }

    /// <summary>Computes and compares with the textbook's; nothing where the operands cannot be the same.</summary>
    public IEnumerable<string?> Differences()
    {
        using var scope = NewDisposeScope();
        return [.. compare(compute())];
    }

    /// <inheritdoc/>
    public void Dispose() => memory.Dispose();

    private static (Func<Tensor[]>, Func<Tensor[], IEnumerable<string?>>) Forward(Conv2dForwardCase c)
    {
        (Tensor weight, Tensor bias) = Filters(c, c.Parameters.Host);
        Tensor input = Images(c, c.Input.Host);
        return (() =>
        {
            using var _ = no_grad();
            return [Convolve(c, input, weight, bias)];
        }, results => [c.Output.Difference(Values(results[0].permute(0, 2, 3, 1)))]);
    }

    /// <remarks>Which value of a window won comes from the graph's own images, so numbers are not those of the case.</remarks>
    private static (Func<Tensor[]>, Func<Tensor[], IEnumerable<string?>>) Gradient(Conv2dCase c, float[] images, Operand<float>? parameters, Operand<float> gradOutput, bool ofInput)
    {
        (Tensor weight, Tensor bias) = Filters(c, parameters?.Host ?? Random(c.Sizes.ParameterCount));
        Tensor input = Images(c, images);
        Tensor[] wanted = ofInput ? [input.requires_grad_()] : [weight.requires_grad_(), bias.requires_grad_()];
        Tensor output = Convolve(c, input, weight, bias);
        Tensor gradient = tensor(gradOutput.Host, [c.Batch, c.Sizes.OutputHeight, c.Sizes.OutputWidth, c.Sizes.Filters]).permute(0, 3, 1, 2);
        return (() => [.. autograd.grad([output], wanted, [gradient], retain_graph: true)], _ => []);
    }

    private static Tensor Convolve(Conv2dCase c, Tensor input, Tensor weight, Tensor bias)
    {
        Tensor conv = Functional.conv2d(input, weight, bias, [c.Sizes.Stride, c.Sizes.Stride], [c.Sizes.Padding, c.Sizes.Padding]);
        return c.Sizes.IsPooled ? Functional.max_pool2d(Functional.relu(conv, inplace: true), 2) : conv;
    }

    private static (Func<Tensor[]>, Func<Tensor[], IEnumerable<string?>>) Dense(DenseCase c)
    {
        float[] parameters = c switch { DenseForwardCase f => f.Parameters.Host, DenseInputGradientCase i => i.Parameters.Host, _ => Random((c.Inputs + 1) * c.Units) };
        float[] images = c switch { DenseForwardCase f => f.Input.Host, DenseWeightGradientCase w => w.Input.Host, _ => Random(c.Batch * c.Inputs) };
        Tensor matrix = tensor(parameters, [c.Inputs + 1, c.Units]);
        Tensor weight = matrix.narrow(0, 0, c.Inputs).t().contiguous(), bias = matrix[c.Inputs].clone(), input = tensor(images, [c.Batch, c.Inputs]);
        switch (c)
        {
            case DenseForwardCase forward:
                return (() =>
                {
                    using var _ = no_grad();
                    Tensor output = Functional.linear(input, weight, bias);
                    return [forward.HasRelu ? output.relu_() : output];
                }, results => [forward.Output.Difference(Values(results[0]))]);
            case DenseInputGradientCase gradient:
                input.requires_grad_();
                Tensor output = Functional.linear(input, weight, bias), upstream = tensor(gradient.GradOutput.Host, [c.Batch, c.Units]);
                return (() => [.. autograd.grad([output], [input], [upstream], retain_graph: true)], results => [gradient.GradInput.Difference(Values(results[0]))]);
            default:
                var ofWeight = (DenseWeightGradientCase)c;
                Tensor of = Functional.linear(input, weight.requires_grad_(), bias.requires_grad_()), from = tensor(ofWeight.GradOutput.Host, [c.Batch, c.Units]);
                return (() => [.. autograd.grad([of], [weight, bias], [from], retain_graph: true)],
                    results => [ofWeight.GradParameters.Difference(Values(cat([results[0].t(), results[1].unsqueeze(0)], 0)))]);
        }
    }

    private static (Func<Tensor[]>, Func<Tensor[], IEnumerable<string?>>) Softmax(SoftmaxCrossEntropyCase c)
    {
        Tensor logits = tensor(c.Logits.Host, [c.Batch, c.Count]).requires_grad_(), labels = tensor(c.Labels.Host, [c.Batch]).to(ScalarType.Int64);
        return (() =>
        {
            Tensor losses = Functional.cross_entropy(logits, labels, reduction: nn.Reduction.None);
            return [losses, .. autograd.grad([losses.mean()], [logits]), logits.argmax(1)];
        }, results => [c.Losses.Difference(Values(results[0])), c.GradLogits.Difference(Values(results[1]))]);
    }

    /// <remarks>Its moments start at zero, ours at random numbers: nothing to compare.</remarks>
    private static (Func<Tensor[]>, Func<Tensor[], IEnumerable<string?>>) Step(Operand<float> parameters, Operand<float> gradients, Func<Parameter, optim.Optimizer> create)
    {
        var parameter = new Parameter(tensor(parameters.Host)) { grad = tensor(gradients.Host) };
        optim.Optimizer optimizer = create(parameter);
        return (() =>
        {
            optimizer.step();
            return [];
        }, _ => []);
    }

    private static (Func<Tensor[]>, Func<Tensor[], IEnumerable<string?>>) Element(KernelCase one)
    {
        switch (one)
        {
            case DropoutCase c:
                // Random numbers of its own.
                Tensor values = tensor(c.Values.Host);
                return (() => [Functional.dropout(values, c.Rate, training: true, inplace: false)], _ => []);
            case MaxPool2dCase c:
                Tensor images = tensor(c.Input.Host, [c.Batch, c.Sizes.Height, c.Sizes.Width, c.Sizes.Channels]).permute(0, 3, 1, 2);
                return (() => [Functional.max_pool2d(images, 2)], results => [c.Output.Difference(Values(results[0].permute(0, 2, 3, 1)))]);
            case MaxPool2dGradientCase c:
                Tensor pixels = tensor(Random(c.Batch * c.Sizes.InputCount), [c.Batch, c.Sizes.Height, c.Sizes.Width, c.Sizes.Channels]).permute(0, 3, 1, 2).requires_grad_();
                Tensor pooled = Functional.max_pool2d(pixels, 2), upstream = tensor(c.GradOutput.Host, [c.Batch, c.Sizes.OutputHeight, c.Sizes.OutputWidth, c.Sizes.Channels]).permute(0, 3, 1, 2);
                return (() => [.. autograd.grad([pooled], [pixels], [upstream], retain_graph: true)], _ => []);
            case GatherImagesCase c:
                Tensor source = tensor(c.Source.Host, [c.Labels.Length, c.Pixels], ScalarType.Byte), labels = tensor(c.Labels.Host, [c.Labels.Length], ScalarType.Byte), order = tensor(c.Order.Host).to(ScalarType.Int64);
                return (() => [source.index_select(0, order).to(ScalarType.Float32).div_(255f), labels.index_select(0, order).to(ScalarType.Int32)],
                    results => [c.BatchImages.Difference(Values(results[0]))]);
            case BatchMetricsCase c:
                Tensor losses = tensor(c.Losses.Host), classes = tensor(c.Classes.Host), wanted = tensor(c.Labels.Host);
                return (() => [losses.mean(), classes.eq(wanted).sum()], results => [c.MeanLoss.Difference(Values(results[0]))]);
            case SumRowsCase c:
                Tensor rows = tensor(c.Input.Host, [c.Rows, c.Columns]);
                // Not sum(0): a literal zero is an element type to the compiler.
                return (() => [rows.sum([0L])], results => [c.Output.Difference(Values(results[0]))]);
            default:
                throw new ArgumentException($"TorchSharp has no {one.Op} here");
        }
    }

    private static Tensor Images(Conv2dCase c, float[] values) => tensor(values, [c.Batch, c.Sizes.Height, c.Sizes.Width, c.Sizes.Channels]).permute(0, 3, 1, 2);

    private static (Tensor Weight, Tensor Bias) Filters(Conv2dCase c, float[] parameters)
    {
        Tensor matrix = tensor(parameters, [c.Sizes.Depth + 1, c.Sizes.Filters]);
        Tensor weight = matrix.narrow(0, 0, c.Sizes.Depth).reshape(c.Sizes.KernelHeight, c.Sizes.KernelWidth, c.Sizes.Channels, c.Sizes.Filters);
        return (weight.permute(3, 0, 1, 2).contiguous().permute(0, 3, 1, 2), matrix[c.Sizes.Depth].clone());
    }

    internal static float[] Random(int length)
    {
        var values = new float[length];
        Numbers.Uniform(values);
        return values;
    }

    internal static float[] Values(Tensor result) => result.contiguous().data<float>().ToArray();
}
