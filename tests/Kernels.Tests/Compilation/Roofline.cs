namespace GpuCnn.Kernels.Tests;

/// <summary>Work of one operation: multiply-adds, and bytes that must at least pass between the multiprocessors and memory, each operand once.</summary>
/// <param name="Name">Layer and direction.</param>
/// <param name="MultiplyAdds">Products and sums; two floating-point operations each.</param>
/// <param name="Bytes">Bytes read and written.</param>
public sealed record Work(string Name, long MultiplyAdds, long Bytes)
{
    /// <summary>No GPU can be faster than its arithmetic and its memory allow.</summary>
    public double Seconds(Gpu gpu) => Math.Max(2.0 * MultiplyAdds / gpu.Flops, Bytes / gpu.BytesPerSecond);
}

/// <summary>The peaks of a GPU.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Flops">FP32 operations a second, without tensor cores.</param>
/// <param name="BytesPerSecond">Memory bandwidth.</param>
public sealed record Gpu(string Name, double Flops, double BytesPerSecond)
{
    /// <summary>NVIDIA's data sheet: 67 TFLOP/s FP32, 3.35 TB/s.</summary>
    public static Gpu H100 { get; } = new("H100 SXM", 67e12, 3.35e12);
}

/// <summary>What a training step of a model has to do, counted from its layers.</summary>
public sealed class StepWork
{
    private const int Float = sizeof(float);

    private readonly List<Work> forward = [], backward = [];

    /// <summary>Counts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">Images a step.</param>
    public StepWork(ModelDefinition model, int batch)
    {
        Batch = batch;
        TensorShape shape = model.Input;
        bool first = true;
        for (int i = 0; i < model.Layers.Count; i++)
        {
            Layer layer = model.Layers[i];
            string name = model.Nodes[i].Name;
            long input = (long)batch * shape.Count, output = (long)batch * model.Nodes[i].Output.Count, parameters = model.Nodes[i].ParameterCount, winners = 0;
            long multiplyAdds = (long)batch * model.Nodes[i].MultiplyAdds;
            if (layer is GpuCnn.Conv2d conv && model.Layers[i + 1] is GpuCnn.Relu && model.Layers[i + 2] is GpuCnn.MaxPool2d { Window: 2, Stride: 2, CeilMode: false })
            {
                // Fused: only values that a pooling window reads are computed, and a byte says which of four won.
                var sizes = new Conv2dShape(shape.Channels, shape.Height, shape.Width, conv.Filters, conv.KernelHeight, conv.KernelWidth, conv.Stride, conv.Padding, true);
                output = winners = (long)batch * sizes.OutputCount;
                multiplyAdds = (long)batch * sizes.RowsPerImage * sizes.Depth * sizes.Filters;
                name += "+relu+pool";
            }
            if (parameters > 0)
            {
                forward.Add(new($"{name} forward", multiplyAdds, (Float * (input + parameters + output)) + winners));
                backward.Add(new($"{name} weight gradient", multiplyAdds, (Float * (input + output + parameters)) + winners));
                if (!first)
                {
                    backward.Add(new($"{name} input gradient", multiplyAdds, (Float * (output + parameters + input)) + winners));
                }
                first = false;
            }
            else if (layer is GpuCnn.Dropout)
            {
                // Its gradient is done with the ReLU's in front of it.
                backward.Add(new($"{name} forward", 0, 2 * Float * output));
            }
            shape = model.Nodes[i].Output;
        }
        forward.Insert(0, new("gathering images", 0, (1 + Float) * (long)batch * model.Input.Count));
        backward.Add(new("Adam", 0, 7 * Float * model.ParameterCount));
    }

    /// <summary>Images a step.</summary>
    public int Batch { get; }

    /// <summary>Forward operations.</summary>
    public IReadOnlyList<Work> Forward => forward;

    /// <summary>Gradients, dropout and the optimizer.</summary>
    public IReadOnlyList<Work> Backward => backward;

    /// <summary>The least seconds for an epoch: training and validation.</summary>
    public double EpochSeconds(Gpu gpu, int training, int validation)
    {
        double pass = forward.Sum(w => w.Seconds(gpu)), step = pass + backward.Sum(w => w.Seconds(gpu));
        return (step * training / Batch) + (pass * validation / Batch);
    }
}
