using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>A LeakyReLU, in place: its output tells all that its gradient needs.</summary>
internal sealed class LeakyReluNode : Node
{
    private readonly int count;
    private readonly double slope;

    public LeakyReluNode(LeakyRelu layer, NodeContext context) : base(context)
    {
        count = context.InputShape.Count;
        slope = layer.Slope;
        Share(context.Before);
    }

    public override bool IsOutputFree => false;

    public override void Forward(in Pass pass) => Activation.Run(Device, new LeakyReluFunction(slope), Input, Output, pass.Batch * count);

    public override void Backward(in Pass pass)
    {
        if (GradOutput.Length > 0)
        {
            Activation.RunGradient(Device, new LeakyReluFunction(slope), Output, GradOutput, GradInput, pass.Batch * count);
        }
    }
}
