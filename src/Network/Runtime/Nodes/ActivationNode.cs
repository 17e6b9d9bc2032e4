using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>An activation: in place where neither its gradient nor that of the node before misses what is overwritten.</summary>
internal sealed class ActivationNode<TFunction> : Node where TFunction : unmanaged, IActivation
{
    private readonly TFunction function;
    private readonly int count;

    public ActivationNode(TFunction function, NodeContext context) : base(context)
    {
        this.function = function;
        count = context.InputShape.Count;
        // Signs outlive the activations that need no more of their own output; others may move numbers across zero.
        OutputUse before = context.Before.Use;
        if (TFunction.Reads == OutputUse.None || before == OutputUse.Values || (before == OutputUse.Sign && TFunction.Reads == OutputUse.Values))
        {
            AllocateOutput(context, count, TFunction.Reads);
        }
        else
        {
            Share(context.Before with { Use = TFunction.Reads });
        }
    }

    public override bool IsOutputFree => TFunction.Reads == OutputUse.None;

    public override void Forward(in Pass pass) => Activation.Run(Device, function, Input, Output, pass.Batch * count);

    public override void Backward(in Pass pass)
    {
        if (GradInput.Length > 0)
        {
            Activation.RunGradient(Device, function, TFunction.Reads == OutputUse.None ? Input : Output, GradOutput, GradInput, pass.Batch * count);
        }
    }
}
