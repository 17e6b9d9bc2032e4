using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>A convolution; where ReLU and 2 x 2 max-pooling follow, all three in one.</summary>
internal sealed class Conv2dNode : Node
{
    private readonly Conv2dShape shape;
    private readonly ArrayView<float> parameters, gradParameters;
    private readonly DeviceBuffer<byte>? winners;
    private readonly DeviceBuffer<float>? partials;
    private readonly bool normalized;

    /// <param name="layer">The layer.</param>
    /// <param name="context">What it is built from.</param>
    /// <param name="pooled">Whether ReLU and pooling follow.</param>
    /// <param name="normalized">Whether a batch normalization follows, which takes out whatever the bias adds: its gradient is zero then, but computed it is rounding errors, of which
    /// Adam would make whole steps; so it is left at zero.</param>
    public Conv2dNode(Conv2d layer, NodeContext context, bool pooled, bool normalized) : base(context)
    {
        TensorShape input = context.InputShape;
        shape = new Conv2dShape(input.Channels, input.Height, input.Width, layer.Filters, layer.KernelHeight, layer.KernelWidth, layer.Stride, layer.Padding, pooled, layer.Bias);
        this.normalized = normalized && layer.Bias;
        parameters = context.Arena.ValuesOf(context.Layer);
        AllocateOutput(context, shape.OutputCount);
        if (pooled)
        {
            winners = context.Memory.Allocate<byte>(context.OutputOwner, (long)context.MaxBatch * shape.OutputCount);
        }
        if (context.Training)
        {
            gradParameters = context.Arena.GradientsOf(context.Layer);
            partials = context.Memory.Allocate<float>(context.Layer, PartialSums(context.MaxBatch, this.normalized) * shape.ParameterCount);
        }
    }

    /// <summary>How many times the parameters' number of partial sums are kept; the last are those of all, where the bias is left out of them.</summary>
    private static long PartialSums(int maxBatch, bool normalized) => Conv2dWeightGradient.MostChunks(maxBatch) + (normalized ? 1L : 0L);

    private ArrayView<byte> Winners => NodeMemory.ViewOf(winners);

    public override void Forward(in Pass pass) => Conv2dForward.Run(Device, shape, Input, parameters, Output, Winners, pass.Batch);

    public override void Backward(in Pass pass)
    {
        Conv2dWeightGradient.Run(Device, shape, Input, GradOutput, Winners, partials!.View, pass.Batch);
        if (normalized)
        {
            ArrayView<float> sums = partials.View.SubView(partials.Length - shape.ParameterCount, shape.ParameterCount);
            SumRows.Run(Device, partials.View, sums, Conv2dWeightGradient.Chunks(pass.Batch), shape.ParameterCount);
            Copy.Run(Device, sums, gradParameters, shape.ParameterCount - shape.Filters);
        }
        else
        {
            SumRows.Run(Device, partials.View, gradParameters, Conv2dWeightGradient.Chunks(pass.Batch), shape.ParameterCount);
        }
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
