using ILGPU;

namespace GpuCnn;

/// <summary>What a forward or backward pass needs to know besides the data.</summary>
/// <param name="Batch">The number of images, at most the network's largest batch.</param>
/// <param name="DropoutSeed">The run's seed where dropout is on; null where it is off: in evaluation.</param>
/// <param name="Step">The number of the training step, from 1.</param>
/// <param name="Training">Whether this is a training step, whose batch has statistics of its own.</param>
internal readonly record struct Pass(int Batch, ulong? DropoutSeed, uint Step, bool Training = false);

/// <summary>A piece of a network that runs: one layer, or several that are fused into fewer operations.</summary>
/// <remarks>Stages are chained: a stage reads the output of the one before and writes that one's output gradient. Stages that work in place share
/// both with the one before.</remarks>
internal abstract class Stage : IDisposable
{
    private DeviceBuffer<float>? output, gradOutput;

    protected Stage(StageContext context)
    {
        Device = context.Device;
        Layer = context.Index;
        Input = context.Input;
        GradInput = context.GradInput;
    }

    protected Device Device { get; }

    /// <summary>The number of the layer that the stage runs, or of the first that are fused in it, counted from 0 through the model.</summary>
    public int Layer { get; }

    /// <summary>The output of the stage before.</summary>
    protected ArrayView<float> Input { get; }

    /// <summary>Where the gradient of the input goes; empty in front of the first stage, and where nothing is trained.</summary>
    public ArrayView<float> GradInput { get; }

    /// <summary>[batch, ...], NHWC.</summary>
    public ArrayView<float> Output { get; private set; }

    /// <summary>The gradient of the output; empty where nothing is trained.</summary>
    public ArrayView<float> GradOutput { get; private set; }

    /// <summary>Whether others may change the output once it is computed, and find its gradient as it was after the backward pass.</summary>
    public virtual bool IsOutputFree => true;

    public abstract void Forward(in Pass pass);

    /// <summary>Runs forward and tells where the output lies, which the next stage may overwrite; of stages within this one, each by itself.</summary>
    public virtual void Forward(in Pass pass, Action<int, ArrayView<float>> visit)
    {
        Forward(pass);
        visit(Layer, Output);
    }

    public abstract void Backward(in Pass pass);

    public virtual void Dispose()
    {
        output?.Dispose();
        gradOutput?.Dispose();
    }

    /// <summary>Gives the stage its own output.</summary>
    protected void AllocateOutput(StageContext context, int count)
    {
        output = context.Device.Allocate<float>((long)context.MaxBatch * count);
        Output = output.View;
        if (context.Training)
        {
            gradOutput = context.Device.Allocate<float>((long)context.MaxBatch * count);
            GradOutput = gradOutput.View;
        }
    }

    /// <summary>Lets the stage change its input instead of having an output.</summary>
    protected void WorkInPlace()
    {
        Output = Input;
        GradOutput = GradInput;
    }

    /// <summary>Lets the stage give what a stage within it gives.</summary>
    protected void Share(Stage within)
    {
        Output = within.Output;
        GradOutput = within.GradOutput;
    }
}

/// <summary>What a stage is built from.</summary>
/// <param name="Device">The device.</param>
/// <param name="Arena">The network's parameters.</param>
/// <param name="MaxBatch">The largest batch.</param>
/// <param name="Training">Whether gradients are needed.</param>
/// <param name="Placed">The layer in its place.</param>
/// <param name="Input">The output of the stage before.</param>
/// <param name="GradInput">The gradient of that; empty when it is not needed.</param>
/// <param name="Block">The layer's parameters, if it has any.</param>
/// <param name="Chain">Builds the stages of layers within the layer, from their input and its gradient.</param>
internal sealed record StageContext(Device Device, ParameterArena Arena, int MaxBatch, bool Training, PlacedLayer Placed, ArrayView<float> Input, ArrayView<float> GradInput,
    ParameterBlock? Block, Func<IReadOnlyList<PlacedLayer>, ArrayView<float>, ArrayView<float>, IReadOnlyList<Stage>> Chain)
{
    /// <summary>The number of the layer, counted from 0 through the model's summary.</summary>
    public int Index => Placed.Index;

    /// <summary>What the stage gets.</summary>
    public TensorShape InputShape { get; init; } = Placed.Input;
}
