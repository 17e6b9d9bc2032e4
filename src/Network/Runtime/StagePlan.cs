using ILGPU;

namespace GpuCnn;

/// <summary>Turns a model's layers into stages, fusing neighbours that one operation can do.</summary>
internal sealed class StagePlan
{
    private readonly Device device;
    private readonly ParameterArena arena;
    private readonly int maxBatch;
    private readonly bool training, fuse;
    private readonly Dictionary<string, ParameterBlock> blocks;

    private StagePlan(Device device, ParameterArena arena, int maxBatch, bool training, bool fuse)
    {
        this.device = device;
        this.arena = arena;
        this.maxBatch = maxBatch;
        this.training = training;
        this.fuse = fuse;
        blocks = arena.Blocks.ToDictionary(block => block.Name);
    }

    /// <summary>Places every layer's parameters, one after another; behind all of them the running moments, which no optimizer touches.</summary>
    public static IReadOnlyList<ParameterBlock> Place(ModelDefinition model)
    {
        var blocks = new List<ParameterBlock>();
        int offset = 0;
        PlacedLayer[] layers = [.. model.Placed.SelectMany(layer => layer.WithThoseInside()).Where(layer => layer.Layer.WeightShape(layer.Input) is not null)];
        foreach (PlacedLayer layer in layers)
        {
            ParameterBlock block = layer.Layer.CreateBlock(layer.Summary.Name, offset, layer.InputMemory);
            blocks.Add(block);
            offset = ParameterArena.Align(offset + block.Count);
        }
        for (int i = 0; i < layers.Length; i++)
        {
            if (layers[i].Layer.HasRunningMoments)
            {
                blocks[i] = blocks[i] with { RunningOffset = offset };
                offset = ParameterArena.Align(offset + blocks[i].RunningCount);
            }
        }
        return blocks;
    }

    /// <summary>Builds the stages; the caller disposes them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="maxBatch">The largest batch.</param>
    /// <param name="training">Whether gradients are needed.</param>
    /// <param name="fuse">Whether neighbours become one operation; else every layer has a stage of its own, whose output can be read.</param>
    /// <param name="input">The memory that images come in.</param>
    public static Stage[] Build(ModelDefinition model, Device device, ParameterArena arena, int maxBatch, bool training, bool fuse, ArrayView<float> input) =>
        [.. new StagePlan(device, arena, maxBatch, training, fuse).Chain(model.Placed, input, ArrayView<float>.Empty)];

    /// <summary>How many layers behind one are done in the same operation.</summary>
    public static int FusedAfter(IReadOnlyList<PlacedLayer> layers, int index) => (layers[index].Layer, Next(layers, index, 1), Next(layers, index, 2)) switch
    {
        (Conv2d conv, Relu, MaxPool2d pool) when CanFuse(conv, pool, layers[index].Input) => 2,
        (Dense, Relu, Dropout) => 2,
        (Dense or BatchNorm or Residual, Relu, _) => 1,
        _ => 0,
    };

    private List<Stage> Chain(IReadOnlyList<PlacedLayer> layers, ArrayView<float> input, ArrayView<float> gradInput)
    {
        var stages = new List<Stage>();
        try
        {
            for (int i = 0; i < layers.Count; i++)
            {
                Layer layer = layers[i].Layer;
                var context = new StageContext(device, arena, maxBatch, training, layers[i], input, gradInput, blocks.GetValueOrDefault(layers[i].Summary.Name), Chain);
                int fused = fuse ? FusedAfter(layers, i) : 0;
                Stage? stage = layer switch
                {
                    Conv2d conv => new Conv2dStage(conv, context, pooled: fused > 0, normalized: Next(layers, i, 1) is BatchNorm),
                    Dense dense when fused > 0 => new DenseStage(dense, context, relu: true, Next(layers, i, 2) as Dropout),
                    Residual block when fused > 0 => new ResidualStage(block, context, relu: true),
                    BatchNorm norm when fused > 0 => new BatchNormStage(norm, context, relu: true),
                    _ => layer.CreateStage(context),
                };
                if (stage is not null)
                {
                    stages.Add(stage);
                    (input, gradInput) = (stage.Output, stage.GradOutput);
                }
                i += fused;
            }
        }
        catch
        {
            stages.ForEach(stage => stage.Dispose());
            throw;
        }
        return stages;
    }

    /// <summary>The fused operation pools 2 x 2 side by side and drops an odd last row or column.</summary>
    private static bool CanFuse(Conv2d conv, MaxPool2d pool, TensorShape input)
    {
        TensorShape output = conv.OutputShape(input);
        bool even = output.Height % 2 == 0 && output.Width % 2 == 0;
        return pool is { Window: 2, Stride: 2, Padding: 0 } && (!pool.CeilMode || even) && output.Height >= 2 && output.Width >= 2;
    }

    private static Layer? Next(IReadOnlyList<PlacedLayer> layers, int index, int steps) => index + steps < layers.Count ? layers[index + steps].Layer : null;
}
