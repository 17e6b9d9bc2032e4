using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>A GELU; its gradient needs what went in.</summary>
internal sealed class GeluNode : Node
{
    private readonly int count;

    public GeluNode(NodeContext context) : base(context)
    {
        count = context.InputShape.Count;
        AllocateOutput(context, count);
    }

    public override void Forward(in Pass pass) => Activation.Run(Device, new GeluFunction(), Input, Output, pass.Batch * count);

    public override void Backward(in Pass pass)
    {
        if (GradInput.Length > 0)
        {
            Activation.RunGradient(Device, new GeluFunction(), Input, GradOutput, GradInput, pass.Batch * count);
        }
    }
}
