using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>A batch normalization; where ReLU follows, both in one.</summary>
internal sealed class BatchNormNode : Node
{
    private readonly int pixels, channels;
    private readonly bool relu;
    private readonly double momentum, epsilon;
    private readonly ArrayView<float> parameters, gradParameters, running;
    private readonly DeviceBuffer<float>? moments, partials;

    public BatchNormNode(BatchNorm layer, NodeContext context, bool relu) : base(context)
    {
        this.relu = relu;
        (channels, pixels) = (context.InputShape.Channels, context.InputShape.Height * context.InputShape.Width);
        (momentum, epsilon) = (layer.Momentum, layer.Epsilon);
        parameters = context.Arena.ValuesOf(context.Layer);
        running = context.Arena.RunningOf(context.Layer);
        AllocateOutput(context, context.InputShape.Count);
        if (context.Training)
        {
            gradParameters = context.Arena.GradientsOf(context.Layer);
            moments = context.Memory.Allocate<float>(context.Layer, 2L * channels);
            partials = context.Memory.Allocate<float>(context.Layer, 2L * BatchNormChunks.Bound(context.MaxBatch * pixels) * channels);
        }
    }

    public override bool IsOutputFree => !relu;

    public override void Forward(in Pass pass)
    {
        int rows = pass.Batch * pixels;
        if (pass.Training)
        {
            BatchNormStatistics.Run(Device, Input, partials!.View, rows, channels);
            BatchNormMoments.Run(Device, partials.View, moments!.View, running, rows, channels, momentum);
        }
        BatchNormForward.Run(Device, Input, parameters, pass.Training ? moments!.View : running, Output, rows, channels, epsilon, relu);
    }

    public override void Backward(in Pass pass)
    {
        int rows = pass.Batch * pixels;
        BatchNormWeightGradient.Run(Device, Input, GradOutput, parameters, moments!.View, partials!.View, rows, channels, epsilon, relu);
        SumRows.Run(Device, partials.View, gradParameters, BatchNormChunks.Count(rows), 2 * channels);
        if (GradInput.Length > 0)
        {
            BatchNormInputGradient.Run(Device, Input, GradOutput, parameters, gradParameters, moments!.View, GradInput, rows, channels, epsilon, relu);
        }
    }

    public override void Dispose()
    {
        moments?.Dispose();
        partials?.Dispose();
        base.Dispose();
    }
}
