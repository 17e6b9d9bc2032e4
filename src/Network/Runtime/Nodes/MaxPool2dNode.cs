using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>A max-pooling of its own.</summary>
internal sealed class MaxPool2dNode : Node
{
    private readonly Pool2dShape shape;
    private readonly DeviceBuffer<int>? winners;

    public MaxPool2dNode(MaxPool2d layer, NodeContext context) : base(context)
    {
        shape = layer.Shape(context.InputShape);
        winners = context.Memory.Allocate<int>(context.Layer, (long)context.MaxBatch * shape.OutputCount);
        AllocateOutput(context, shape.OutputCount);
    }

    public override void Forward(in Pass pass) => Kernels.MaxPool2d.Run(Device, shape, Input, Output, winners!.View, pass.Batch);

    public override void Backward(in Pass pass)
    {
        if (GradInput.Length > 0)
        {
            MaxPool2dGradient.Run(Device, shape, GradOutput, winners!.View, GradInput, pass.Batch);
        }
    }

    public override void Dispose()
    {
        winners?.Dispose();
        base.Dispose();
    }
}
