using System.Numerics;
using ILGPU;

namespace GpuCnn;

/// <summary>Does steps again, one operation at a time, and looks at everything that they compute, in its order, until a number is NaN or infinite.</summary>
/// <remarks>A step gives the same bits each time, so what spoiled a training is found again where it began, though it was noticed only later: losses are read late,
/// a gradient is not looked at, and a weight that is NaN says nothing of its cause.</remarks>
/// <param name="network">The network, in the state before the first of the steps.</param>
/// <param name="update">What changes its weights, in the same state.</param>
internal sealed class NonFiniteSearch(Network network, WeightUpdate update)
{
    private float[] host = [];
    private long step;

    /// <summary>What was found; null as long as everything was finite.</summary>
    public NonFiniteOrigin? Origin { get; private set; }

    /// <summary>Does one training step.</summary>
    public void Step(DeviceImages images, MetricTables tables, int index, int first, Pass pass, double learningRate)
    {
        step = pass.Step;
        Forward(images, first, pass);
        network.Score(tables, index, pass.Batch, gradient: true, update.Options.LabelSmoothing);
        Look("loss", "the loss", tables.ReadLosses(index + 1)[index..]);
        Node last = network.Nodes[^1];
        Look(last.GradOutput, pass.Batch, last, $"the gradient of {NameOf(last)}'s output");
        network.Backward(pass, node =>
        {
            string name = NameOf(node);
            LayerNode layer = network.Model.Nodes[node.Layer];
            if (network.Arena.BlockOf(layer) is { } block)
            {
                Span<float> gradients = Read(network.Arena.GradientsOf(layer), block.Count);
                Look(name, $"the gradient of {block.WeightName}", gradients[..block.WeightCount]);
                Look(name, $"the gradient of {block.BiasName}", gradients[block.WeightCount..]);
            }
            Look(node.GradInput, pass.Batch, node, $"the gradient of {name}'s input");
        });
        update.Step(step, learningRate);
        if (update.ReadGradientNorm() is { } norm)
        {
            Look("gradients", "the norm of all gradients", [norm]);
        }
        Origin ??= InParameters(update.CopyState(), step);
    }

    /// <summary>Runs a batch forward.</summary>
    public void Forward(DeviceImages images, int first, Pass pass) =>
        network.Forward(images, first, pass, node => Look(node.Output, pass.Batch, node, $"the output of {NameOf(node)}"));

    /// <summary>The place of the first number that is NaN or infinite; -1 when there is none.</summary>
    public static int IndexOfNonFinite(ReadOnlySpan<float> values)
    {
        int i = 0;
        for (var largest = new Vector<float>(float.MaxValue); i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
        {
            if (!Vector.LessThanOrEqualAll(Vector.Abs(new Vector<float>(values[i..])), largest))
            {
                break;
            }
        }
        for (; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                return i;
            }
        }
        return -1;
    }

    /// <summary>The first number among a network's weights, and what the optimizer keeps beside them, that is NaN or infinite.</summary>
    public static NonFiniteOrigin? InParameters(IReadOnlyList<StateTensors> state, long step)
    {
        foreach (StateTensors part in state)
        {
            if (IndexOfNonFinite(part.Parameters) is >= 0 and var i)
            {
                IReadOnlyList<ParameterBlock> blocks = part.Blocks;
                ParameterBlock block = blocks.FirstOrDefault(block => i < block.Offset + block.Count) ?? blocks.First(block => i < block.RunningOffset + block.RunningCount);
                string name = i >= block.Offset + block.Count
                    ? i < block.RunningOffset + block.Units ? block.RunningMeanName : block.RunningVarianceName
                    : i < block.Offset + block.WeightCount ? block.WeightName : block.BiasName;
                return new NonFiniteOrigin(step, block.Name, part.Words + name, part.Parameters[i]);
            }
        }
        return null;
    }

    private string NameOf(Node node) => network.Model.Nodes[node.Layer].Name;

    private void Look(ArrayView<float> view, int batch, Node node, string quantity)
    {
        if (view.Length > 0)
        {
            // The part of a node's memory that the batch fills.
            Look(NameOf(node), quantity, Read(view, checked((int)(view.Length / network.MaxBatch * batch))));
        }
    }

    private void Look(string layer, string quantity, ReadOnlySpan<float> values)
    {
        if (Origin is null && IndexOfNonFinite(values) is >= 0 and var i)
        {
            Origin = new NonFiniteOrigin(step, layer, quantity, values[i]);
        }
    }

    private Span<float> Read(ArrayView<float> view, int count)
    {
        if (host.Length < count)
        {
            host = new float[count];
        }
        network.Device.Read(view, host.AsSpan(0, count));
        return host.AsSpan(0, count);
    }
}
