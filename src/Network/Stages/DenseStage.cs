using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>A dense layer; where ReLU follows, both in one.</summary>
internal sealed class DenseStage : Stage
{
    private readonly int inputs, units;
    private readonly bool relu;
    private readonly ArrayView<float> parameters, gradParameters;

    public DenseStage(Dense layer, StageContext context, bool relu) : base(context)
    {
        this.relu = relu;
        inputs = context.InputShape.Count;
        units = layer.Units;
        parameters = context.Arena.ValuesOf(context.Block!);
        gradParameters = context.Training ? context.Arena.GradientsOf(context.Block!) : ArrayView<float>.Empty;
        AllocateOutput(context, units);
    }

    public override void Forward(in Pass pass) => DenseForward.Run(Device, Input, parameters, Output, pass.Batch, inputs, units, relu);

    public override void Backward(in Pass pass)
    {
        if (relu)
        {
            ReluGradient.Run(Device, Output, GradOutput, GradOutput, pass.Batch * units);
        }
        DenseWeightGradient.Run(Device, Input, GradOutput, gradParameters, pass.Batch, inputs, units);
        if (GradInput.Length > 0)
        {
            DenseInputGradient.Run(Device, GradOutput, parameters, GradInput, pass.Batch, inputs, units);
        }
    }
}
