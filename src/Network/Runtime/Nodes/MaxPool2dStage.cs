using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>A max-pooling of its own.</summary>
internal sealed class MaxPool2dStage : Stage
{
    private readonly Pool2dShape shape;
    private readonly DeviceBuffer<int> winners;

    public MaxPool2dStage(MaxPool2d layer, StageContext context) : base(context)
    {
        shape = MaxPool2d.PoolShape(context.InputShape, layer.Window, layer.Stride, layer.Padding, layer.CeilMode, layer.Kind);
        winners = context.Device.Allocate<int>((long)context.MaxBatch * shape.OutputCount);
        AllocateOutput(context, shape.OutputCount);
    }

    public override void Forward(in Pass pass) => Kernels.MaxPool2d.Run(Device, shape, Input, Output, winners.View, pass.Batch);

    public override void Backward(in Pass pass)
    {
        if (GradInput.Length > 0)
        {
            MaxPool2dGradient.Run(Device, shape, GradOutput, winners.View, GradInput, pass.Batch);
        }
    }

    public override void Dispose()
    {
        winners.Dispose();
        base.Dispose();
    }
}
