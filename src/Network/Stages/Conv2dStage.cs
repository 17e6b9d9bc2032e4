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

    public Conv2dStage(Conv2d layer, StageContext context, bool pooled) : base(context)
    {
        TensorShape input = context.InputShape;
        shape = new Conv2dShape(input.Channels, input.Height, input.Width, layer.Filters, layer.KernelHeight, layer.KernelWidth, layer.Stride, layer.Padding, pooled);
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
        SumRows.Run(Device, partials.View, gradParameters, Conv2dWeightGradient.Chunks(pass.Batch), shape.ParameterCount);
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
