using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>A model with weights, on a device.</summary>
public sealed class Network : IDisposable
{
    /// <summary>The stream that sets the initial weights' random numbers apart from those of dropout and shuffling.</summary>
    private const uint InitializationStream = 1;

    private readonly ParameterArena arena;
    private readonly Node[] nodes;
    private readonly DeviceBuffer<float> input, losses;
    private readonly DeviceBuffer<int> labels, classes;
    private readonly float[] host;
    private bool hasWeights, disposed;

    /// <summary>Creates a network without weights: before it trains or predicts it needs <see cref="Initialize"/>, <see cref="ImportWeights"/> or <see cref="Trainer.Restore"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where it runs; it must live longer than the network.</param>
    /// <param name="maxBatch">The largest number of images at once.</param>
    /// <param name="training">Whether to hold what training needs, gradients above all.</param>
    /// <exception cref="ModelException">The batches are too large for the model.</exception>
    /// <exception cref="DeviceException">The device has not the memory.</exception>
    public Network(ModelDefinition model, Device device, int maxBatch = 512, bool training = true) : this(model, device, maxBatch, training, fuse: true)
    {
    }

    /// <summary>Creates a network that may run every layer by itself, so that what lies between them can be read.</summary>
    internal Network(ModelDefinition model, Device device, int maxBatch, bool training, bool fuse)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBatch);
        // Operations count the elements of a batch in 32 bits.
        long most = Math.Max(model.Input.Count, model.Nodes.Max(layer => (long)layer.Output.Count));
        if (most * maxBatch > int.MaxValue)
        {
            throw new ModelException($"model {model.Name}: {maxBatch} images become {most * maxBatch} values in a layer, more than {int.MaxValue}; give a smaller --batch-size");
        }
        Model = model;
        Device = device;
        MaxBatch = maxBatch;
        arena = new ParameterArena(model, device, training);
        host = new float[arena.Values.Length];
        hasWeights = host.Length == 0;
        input = device.Allocate<float>((long)maxBatch * model.Input.Count);
        labels = device.Allocate<int>(maxBatch);
        losses = device.Allocate<float>(maxBatch);
        classes = device.Allocate<int>(maxBatch);
        nodes = NodePlan.Build(model, new NodeMemory(device, model.Nodes.Count), arena, maxBatch, training, fuse, input.View);
    }

    /// <summary>The model.</summary>
    public ModelDefinition Model { get; }

    /// <summary>Where it runs.</summary>
    public Device Device { get; }

    /// <summary>The largest number of images at once.</summary>
    public int MaxBatch { get; }

    /// <summary>Draws new weights: Glorot-uniform, in [-l, l] with l = √(6 / (inputs + outputs)), and zero biases. Batch normalizations begin as they leave
    /// values: weight and running variance 1, bias and running mean 0.</summary>
    /// <remarks>Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010; inputs and outputs count the kernel's
    /// taps. The same seed gives the same weights on every accelerator.</remarks>
    /// <param name="seed">The seed.</param>
    public void Initialize(ulong seed)
    {
        Revision++;
        Array.Clear(host);
        for (int layer = 0; layer < arena.Blocks.Count; layer++)
        {
            ParameterBlock block = arena.Blocks[layer];
            int taps = block.WeightShape.Count == 4 ? block.Height * block.Width : 1;
            double limit = Math.Sqrt(6.0 / (block.Depth + ((double)block.Units * taps)));
            var weight = new float[block.Depth * block.Units];
            if (block.RunningCount > 0)
            {
                Array.Fill(weight, 1f);
                block.FromFile(weight, new float[block.BiasCount], host);
                host.AsSpan(block.RunningOffset + block.Units, block.Units).Fill(1f);
                continue;
            }
            for (int i = 0; i < weight.Length; i++)
            {
                Philox random = Philox.At((uint)i, 0, (uint)layer, InitializationStream, seed);
                weight[i] = (float)(((2.0 * (random.X0 >> 8) / (1 << 24)) - 1.0) * limit);
            }
            block.FromFile(weight, new float[block.BiasCount], host);
        }
        arena.Values.CopyFrom(host);
        hasWeights = true;
    }

    /// <summary>Copies the weights to the host, in files' names, shapes and order of elements.</summary>
    /// <returns>Weight and, where there is one, bias of each layer, in the order of the layers.</returns>
    public IReadOnlyList<WeightTensor> ExportWeights() => Export(arena.Values);

    /// <summary>Replaces the weights. Nothing is changed when they do not fit.</summary>
    /// <param name="tensors">One tensor for each of the model's <see cref="ModelDefinition.Parameters"/>, in any order.</param>
    /// <exception cref="ModelMismatchException">A tensor is missing, superfluous, or has another shape.</exception>
    public void ImportWeights(IReadOnlyList<WeightTensor> tensors) => Import(tensors, arena.Values);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        foreach (Node node in nodes)
        {
            node.Dispose();
        }
        input.Dispose();
        labels.Dispose();
        losses.Dispose();
        classes.Dispose();
        arena.Dispose();
    }

    /// <summary>The gradients of the last backward pass, as <see cref="ExportWeights"/> gives weights.</summary>
    /// <remarks>Running moments have none.</remarks>
    internal IReadOnlyList<WeightTensor> ExportGradients() => [.. Export(arena.Gradients).Where(tensor => !ParameterNames.IsRunning(tensor.Name))];

    /// <summary>What the network runs, in its order.</summary>
    internal IReadOnlyList<Node> Nodes => nodes;

    /// <summary>All parameters.</summary>
    internal ParameterArena Arena => arena;

    /// <summary>Where each layer's parameters lie.</summary>
    internal IReadOnlyList<ParameterBlock> Blocks => arena.Blocks;

    /// <summary>Another number whenever weights, or what an optimizer keeps beside them, may have changed.</summary>
    internal long Revision { get; private set; }

    /// <summary>Somebody is about to change weights, or what an optimizer keeps beside them.</summary>
    internal void Revise() => Revision++;

    /// <summary>Checks that the network was given weights.</summary>
    /// <exception cref="InvalidOperationException">It was not.</exception>
    internal void RequireWeights()
    {
        if (!hasWeights)
        {
            throw new InvalidOperationException("the network has no weights yet: call Initialize, ImportWeights or Restore");
        }
    }

    /// <summary>Takes a batch out of the images and runs it forward.</summary>
    /// <param name="images">The images.</param>
    /// <param name="first">The first one's place in their order.</param>
    /// <param name="pass">Which pass it is.</param>
    /// <param name="visit">Called after every node, whose output the next may overwrite; null for nobody.</param>
    internal void Forward(DeviceImages images, int first, in Pass pass, Action<Node>? visit = null)
    {
        RequireWeights();
        images.Take(input.View, labels.View, first, pass);
        foreach (Node node in nodes)
        {
            node.Forward(pass);
            visit?.Invoke(node);
        }
    }

    /// <summary>Runs values forward, and tells after every node where its output lies, which the next may overwrite.</summary>
    /// <param name="images">[batch, H, W, C], as the first layer is to see them.</param>
    /// <param name="batch">The number of images.</param>
    /// <param name="visit">Gets the number of the node's layer and its output.</param>
    internal void Forward(ReadOnlySpan<float> images, int batch, Action<int, ILGPU.ArrayView<float>> visit)
    {
        RequireWeights();
        input.CopyFrom(images);
        var pass = new Pass(batch, null, 0);
        foreach (Node node in nodes)
        {
            node.Forward(pass, visit);
        }
    }

    /// <summary>Waits for the device and copies the logits of the batch that ran forward: [batch, classes].</summary>
    internal void ReadLogits(Span<float> target) => Device.Read(nodes[^1].Output, target);

    /// <summary>Losses and classes of the batch that ran forward, and for training the gradient of the mean loss; writes mean loss and hits to the tables' place.</summary>
    /// <param name="tables">Get mean loss and hits.</param>
    /// <param name="index">Their place.</param>
    /// <param name="batch">Images.</param>
    /// <param name="gradient">Whether a gradient is wanted.</param>
    /// <param name="smoothing">The share of the target that all classes have in equal parts.</param>
    internal void Score(MetricTables tables, int index, int batch, bool gradient, double smoothing = 0)
    {
        ILGPU.ArrayView<float> gradLogits = gradient ? nodes[^1].GradOutput : ILGPU.ArrayView<float>.Empty;
        SoftmaxCrossEntropy.Run(Device, nodes[^1].Output, labels.View, losses.View, classes.View, gradLogits, batch, Model.Classes, smoothing);
        BatchMetrics.Run(Device, losses.View, classes.View, labels.View, tables.MeanLosses.View, tables.Correct.View, batch, index);
    }

    /// <summary>Gradients of all parameters, from that of the logits.</summary>
    /// <param name="pass">Which pass it is.</param>
    /// <param name="visit">Called after every node; null for nobody.</param>
    internal void Backward(in Pass pass, Action<Node>? visit = null)
    {
        for (int i = nodes.Length - 1; i >= 0; i--)
        {
            nodes[i].Backward(pass);
            visit?.Invoke(nodes[i]);
        }
    }

    /// <summary>Copies a file's tensors to memory laid out as the parameters are. Nothing is changed when they do not fit.</summary>
    /// <exception cref="ModelMismatchException">A tensor is missing, superfluous, or has another shape.</exception>
    internal void Import(IReadOnlyList<WeightTensor> tensors, DeviceBuffer<float> target)
    {
        IReadOnlyDictionary<string, WeightTensor> named = Model.Match(tensors);
        Revision++;
        Array.Clear(host);
        foreach (ParameterBlock block in arena.Blocks)
        {
            block.FromFile(named, host);
        }
        target.CopyFrom(host);
        hasWeights |= target == arena.Values;
    }

    /// <summary>Copies memory laid out as the parameters are to a file's tensors.</summary>
    internal IReadOnlyList<WeightTensor> Export(DeviceBuffer<float> source)
    {
        source.CopyTo(host);
        return ParameterBlock.ToFile(arena.Blocks, host);
    }
}
