using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>A dense layer; where ReLU follows, both in one; where dropout follows that, the gradients of those two in one as well.</summary>
internal sealed class DenseNode : Node
{
    private readonly int inputs, units;
    private readonly bool relu, bias;
    private readonly double dropoutRate;
    private readonly uint dropoutIndex;
    private readonly ArrayView<float> parameters, gradParameters;

    public DenseNode(Dense layer, NodeContext context, bool relu, Dropout? dropout = null) : base(context)
    {
        this.relu = relu;
        dropoutRate = dropout?.Rate ?? 0;
        // Dense, ReLU, dropout.
        dropoutIndex = (uint)context.Layer.Index + 2;
        inputs = context.InputShape.Count;
        units = layer.Units;
        bias = layer.Bias;
        parameters = context.Arena.ValuesOf(context.Layer);
        gradParameters = context.Training ? context.Arena.GradientsOf(context.Layer) : ArrayView<float>.Empty;
        AllocateOutput(context, units, relu ? OutputUse.Sign : OutputUse.None);
    }

    public override bool IsOutputFree => !relu;

    public override void Forward(in Pass pass)
    {
        DenseForward.Run(Device, Input, parameters, Output, pass.Batch, inputs, units, relu, bias);
        if (Drops(pass))
        {
            Kernels.Dropout.Run(Device, Output, pass.Batch * units, dropoutRate, pass.DropoutSeed!.Value, pass.Step, dropoutIndex);
        }
    }

    public override void Backward(in Pass pass)
    {
        if (relu)
        {
            Activation.RunGradient(Device, new DroppedReluFunction(Drops(pass) ? dropoutRate : 0), Output, GradOutput, GradOutput, pass.Batch * units);
        }
        DenseWeightGradient.Run(Device, Input, GradOutput, gradParameters, pass.Batch, inputs, units, bias);
        if (GradInput.Length > 0)
        {
            DenseInputGradient.Run(Device, GradOutput, parameters, GradInput, pass.Batch, inputs, units);
        }
    }

    private bool Drops(in Pass pass) => dropoutRate > 0 && pass.DropoutSeed is not null;
}
