using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>A residual block: a chain of stages, perhaps one beside it, and the sum of what they give; where ReLU follows, in one with the sum.</summary>
/// <remarks>The sum is added in place to what the body's last stage gave, and the body and the sum share their gradient; a copy goes between where that stage still needs the one
/// or changes the other. Both chains and the sum read the same input, so a stage that would change it gets a copy too. The gradients of the two ways are added in their order.</remarks>
internal sealed class ResidualStage : Stage
{
    private readonly Stage[] body, shortcut;
    private readonly DeviceBuffer<float>? gradShortcut;
    private readonly int inputs, outputs;
    private readonly bool relu;

    public ResidualStage(Residual layer, StageContext context, bool relu) : base(context)
    {
        this.relu = relu;
        PlacedLayer placed = context.Placed;
        (inputs, outputs) = (placed.Input.Count, placed.Summary.Output.Count);
        if (layer.Shortcut.Count > 0 && context.GradInput.Length > 0)
        {
            gradShortcut = context.Device.Allocate<float>((long)context.MaxBatch * inputs);
        }
        body = Chain(placed.Body, context);
        shortcut = layer.Shortcut.Count == 0 ? [] : Chain(placed.Shortcut, context with { GradInput = gradShortcut?.View ?? ArrayView<float>.Empty });
        if (!body[^1].IsOutputFree)
        {
            body = [.. body, new CopyStage(context with { InputShape = placed.Summary.Output, Input = body[^1].Output, GradInput = body[^1].GradOutput })];
        }
        Share(body[^1]);
    }

    /// <summary>Whether a chain begins with a stage that would change its input.</summary>
    public static bool NeedsCopyBefore(IReadOnlyList<PlacedLayer> layers) => layers.Count > 0 && layers[0].Layer.WorksInPlace;

    /// <summary>Whether a chain ends with a stage that needs its output, or changes the gradient of it: one in place, or with a ReLU fused into it, which in place would be one too.</summary>
    public static bool NeedsCopyBehind(IReadOnlyList<PlacedLayer> layers) => layers[^1].Layer.WorksInPlace;

    public override bool IsOutputFree => !relu;

    public override void Forward(in Pass pass)
    {
        foreach (Stage stage in body)
        {
            stage.Forward(pass);
        }
        foreach (Stage stage in shortcut)
        {
            stage.Forward(pass);
        }
        AddUp(pass);
    }

    public override void Forward(in Pass pass, Action<int, ArrayView<float>> visit)
    {
        foreach (Stage stage in body.Concat(shortcut))
        {
            if (stage is CopyStage)
            {
                stage.Forward(pass);
            }
            else
            {
                stage.Forward(pass, visit);
            }
        }
        AddUp(pass);
        visit(Layer, Output);
    }

    public override void Backward(in Pass pass)
    {
        if (relu)
        {
            ReluGradient.Run(Device, Output, GradOutput, GradOutput, pass.Batch * outputs);
        }
        for (int i = body.Length - 1; i >= 0; i--)
        {
            body[i].Backward(pass);
        }
        if (shortcut.Length > 0)
        {
            Copy.Run(Device, GradOutput, shortcut[^1].GradOutput, pass.Batch * outputs);
            for (int i = shortcut.Length - 1; i >= 0; i--)
            {
                shortcut[i].Backward(pass);
            }
        }
        if (GradInput.Length > 0)
        {
            Add.Run(Device, GradInput, gradShortcut?.View ?? GradOutput, GradInput, pass.Batch * inputs);
        }
    }

    public override void Dispose()
    {
        foreach (Stage stage in body.Concat(shortcut))
        {
            stage.Dispose();
        }
        gradShortcut?.Dispose();
        base.Dispose();
    }

    private static Stage[] Chain(IReadOnlyList<PlacedLayer> layers, StageContext context)
    {
        if (!NeedsCopyBefore(layers))
        {
            return [.. context.Chain(layers, context.Input, context.GradInput)];
        }
        var copy = new CopyStage(context);
        return [copy, .. context.Chain(layers, copy.Output, copy.GradOutput)];
    }

    private void AddUp(in Pass pass) => Add.Run(Device, Output, shortcut.Length > 0 ? shortcut[^1].Output : Input, Output, pass.Batch * outputs, relu);
}
