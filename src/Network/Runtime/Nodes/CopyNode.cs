using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Memory of its own for what the node before gave, where somebody else needs that as it is.</summary>
internal sealed class CopyNode : Node
{
    private readonly int count;

    public CopyNode(NodeContext context) : base(context)
    {
        count = context.InputShape.Count;
        AllocateOutput(context, count);
    }

    public override void Forward(in Pass pass) => Copy.Run(Device, Input, Output, pass.Batch * count);

    public override void Backward(in Pass pass)
    {
        if (GradInput.Length > 0)
        {
            Copy.Run(Device, GradOutput, GradInput, pass.Batch * count);
        }
    }
}
