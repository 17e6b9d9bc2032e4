using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>A convolution with bias; where ReLU and 2 x 2 max-pooling follow, all three in one.</summary>
internal sealed class Conv2dStage : Stage
{
    private readonly Conv2dShape shape;
    private readonly ArrayView<float> parameters, gradParameters;
    private readonly DeviceBuffer<byte>? winners;
    private readonly DeviceBuffer<float>? partials;
    private readonly int trained;

    /// <param name="layer">The layer.</param>
    /// <param name="context">What it is built from.</param>
    /// <param name="pooled">Whether ReLU and pooling follow.</param>
    /// <param name="normalized">Whether a batch normalization follows, which takes out whatever the bias adds: its gradient is zero then, but computed it is rounding errors, of which
    /// Adam would make whole steps; so it is left at zero.</param>
    public Conv2dStage(Conv2d layer, StageContext context, bool pooled, bool normalized) : base(context)
    {
        TensorShape input = context.InputShape;
        shape = new Conv2dShape(input.Channels, input.Height, input.Width, layer.Filters, layer.KernelHeight, layer.KernelWidth, layer.Stride, layer.Padding, pooled);
        trained = shape.ParameterCount - (normalized ? layer.Filters : 0);
        parameters = context.Arena.ValuesOf(context.Block!);
        AllocateOutput(context, shape.OutputCount);
        if (pooled)
        {
            winners = context.Device.Allocate<byte>((long)context.MaxBatch * shape.OutputCount);
        }
        if (context.Training)
        {
            gradParameters = context.Arena.GradientsOf(context.Block!);
            partials = context.Device.Allocate<float>((long)Conv2dWeightGradient.MostChunks(context.MaxBatch) * shape.ParameterCount);
        }
    }

    private ArrayView<byte> Winners => winners?.View ?? ArrayView<byte>.Empty;

    public override void Forward(in Pass pass) => Conv2dForward.Run(Device, shape, Input, parameters, Output, Winners, pass.Batch);

    public override void Backward(in Pass pass)
    {
        Conv2dWeightGradient.Run(Device, shape, Input, GradOutput, Winners, partials!.View, pass.Batch);
        SumRows.Run(Device, partials.View, gradParameters, Conv2dWeightGradient.Chunks(pass.Batch), trained, shape.ParameterCount);
        if (GradInput.Length > 0)
        {
            Conv2dInputGradient.Run(Device, shape, GradOutput, Winners, parameters, GradInput, pass.Batch);
        }
    }

    public override void Dispose()
    {
        winners?.Dispose();
        partials?.Dispose();
        base.Dispose();
    }
}
