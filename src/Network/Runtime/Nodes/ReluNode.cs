namespace GpuCnn;

/// <summary>A ReLU of its own, in place: no node's backward pass needs what it gave before its ReLU.</summary>
internal sealed class ReluNode : Node
{
    private readonly int count;

    public ReluNode(NodeContext context) : base(context)
    {
        count = context.InputShape.Count;
        Share(context.Before);
    }

    public override bool IsOutputFree => false;

    public override void Forward(in Pass pass) => Kernels.Relu.Run(Device, Input, Output, pass.Batch * count);

    public override void Backward(in Pass pass)
    {
        if (GradOutput.Length > 0)
        {
            Kernels.ReluGradient.Run(Device, Output, GradOutput, GradInput, pass.Batch * count);
        }
    }
}
