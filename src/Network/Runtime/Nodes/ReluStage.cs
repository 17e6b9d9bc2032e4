namespace GpuCnn;

/// <summary>A ReLU of its own, in place: no stage's backward pass needs what it gave before its ReLU.</summary>
internal sealed class ReluStage : Stage
{
    private readonly int count;

    public ReluStage(StageContext context) : base(context)
    {
        count = context.InputShape.Count;
        WorkInPlace();
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
