using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>Turns a model's layers into stages, fusing neighbours that one operation can do.</summary>
internal static class StagePlan
{
    /// <summary>Places every layer's parameters, one after another.</summary>
    public static IReadOnlyList<ParameterBlock> Place(ModelDefinition model)
    {
        var blocks = new List<ParameterBlock>();
        int offset = 0;
        TensorShape memory = model.Input;
        Walk(model, (layer, name, shape, index) =>
        {
            if (layer.WeightShape(shape) is not null)
            {
                ParameterBlock block = layer.CreateBlock(name, offset, memory);
                blocks.Add(block);
                offset = ParameterArena.Align(offset + block.Count);
            }
            memory = layer.KeepsMemory ? memory : model.Summary[index].Output;
        });
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
    public static Stage[] Build(ModelDefinition model, Device device, ParameterArena arena, int maxBatch, bool training, bool fuse, ArrayView<float> input)
    {
        var stages = new List<Stage>();
        var blocks = arena.Blocks.ToDictionary(block => block.Name);
        ArrayView<float> output = input, gradOutput = ArrayView<float>.Empty;
        int fused = 0;
        try
        {
            Walk(model, (layer, name, shape, index) =>
            {
                if (fused > 0)
                {
                    fused--;
                    return;
                }
                var context = new StageContext(device, arena, maxBatch, training, index, shape, output, gradOutput, blocks.GetValueOrDefault(name));
                fused = fuse ? FusedAfter(model, index, shape) : 0;
                Stage? stage = layer switch
                {
                    Conv2d conv when fused > 0 => new Conv2dStage(conv, context, pooled: true),
                    Dense dense when fused > 0 => new DenseStage(dense, context, relu: true, Next(model, index, 2) as Dropout),
                    _ => layer.CreateStage(context),
                };
                if (stage is not null)
                {
                    stages.Add(stage);
                    output = stage.Output;
                    gradOutput = stage.GradOutput;
                }
            });
        }
        catch
        {
            stages.ForEach(stage => stage.Dispose());
            throw;
        }
        return [.. stages];
    }

    /// <summary>How many layers behind one are done in the same operation.</summary>
    public static int FusedAfter(ModelDefinition model, int index, TensorShape input) => (model.Layers[index], Next(model, index, 1), Next(model, index, 2)) switch
    {
        (Conv2d conv, Relu, MaxPool2d pool) when CanFuse(conv, pool, input) => 2,
        (Dense, Relu, Dropout) => 2,
        (Dense, Relu, _) => 1,
        _ => 0,
    };

    /// <summary>The fused operation pools 2 x 2 side by side and drops an odd last row or column.</summary>
    private static bool CanFuse(Conv2d conv, MaxPool2d pool, TensorShape input)
    {
        TensorShape output = conv.OutputShape(input);
        bool even = output.Height % 2 == 0 && output.Width % 2 == 0;
        return pool is { Window: 2, Stride: 2 } && (!pool.CeilMode || even) && output.Height >= 2 && output.Width >= 2;
    }

    private static Layer? Next(ModelDefinition model, int index, int steps) => index + steps < model.Layers.Count ? model.Layers[index + steps] : null;

    private static void Walk(ModelDefinition model, Action<Layer, string, TensorShape, int> visit)
    {
        TensorShape shape = model.Input;
        for (int i = 0; i < model.Layers.Count; i++)
        {
            visit(model.Layers[i], model.Summary[i].Name, shape, i);
            shape = model.Summary[i].Output;
        }
    }
}
