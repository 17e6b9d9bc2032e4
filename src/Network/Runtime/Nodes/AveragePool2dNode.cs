using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>An average-pooling, the global one too.</summary>
internal sealed class AveragePool2dNode : Node
{
    private readonly Pool2dShape shape;

    public AveragePool2dNode(Pool2dShape shape, NodeContext context) : base(context)
    {
        this.shape = shape;
        AllocateOutput(context, shape.OutputCount);
    }

    public override void Forward(in Pass pass) => Kernels.AveragePool2d.Run(Device, shape, Input, Output, pass.Batch);

    public override void Backward(in Pass pass)
    {
        if (GradInput.Length > 0)
        {
            AveragePool2dGradient.Run(Device, shape, GradOutput, GradInput, pass.Batch);
        }
    }
}
