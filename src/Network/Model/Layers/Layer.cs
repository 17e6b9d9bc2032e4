namespace GpuCnn;

/// <summary>A layer as a model lists it: what it is, not yet the memory and kernels that run it.</summary>
public abstract record Layer
{
    /// <summary>The word that its name starts with: <c>conv</c> in <c>conv1</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Its settings in a few words, for people.</summary>
    public abstract string Description { get; }

    /// <summary>The shape that comes out for a shape that goes in.</summary>
    /// <param name="input">What goes in.</param>
    /// <returns>What comes out.</returns>
    /// <exception cref="ModelException">The layer does not fit.</exception>
    public abstract TensorShape OutputShape(TensorShape input);

    /// <summary>The shape of its weight in files, PyTorch's; null for a layer without parameters. A bias has as many elements as the first dimension.</summary>
    /// <param name="input">What goes in.</param>
    /// <returns>[out, in, kernel height, kernel width] or [out, in].</returns>
    public virtual IReadOnlyList<int>? WeightShape(TensorShape input) => null;

    /// <summary>Whether a layer with a weight has a bias too.</summary>
    public virtual bool HasBias => true;

    /// <summary>Whether files have a running mean and variance beside weight and bias, each with an element a channel.</summary>
    public virtual bool HasRunningMoments => false;

    /// <summary>Multiply-adds for one image.</summary>
    /// <param name="input">What goes in.</param>
    /// <returns>The number.</returns>
    public virtual long MultiplyAdds(TensorShape input) => 0;

    /// <summary>The piece of a network that runs this layer; null when there is nothing to do.</summary>
    internal abstract Stage? CreateStage(StageContext context);

    /// <summary>Appends the layer's nodes to an ONNX graph; none where it leaves values as they are.</summary>
    /// <param name="graph">The graph.</param>
    /// <exception cref="ModelException">The layer has no form in ONNX.</exception>
    internal virtual void Export(OnnxGraph graph) => throw new ModelException($"{Kind}: this layer has no form in ONNX");

    /// <summary>Whether the output has the elements of the input, each in its place in memory.</summary>
    internal virtual bool KeepsMemory => false;

    /// <summary>Whether it changes its input instead of having an output of its own.</summary>
    internal virtual bool WorksInPlace => KeepsMemory;

    /// <summary>Whether it must know which element is of which channel, which behind a flatten layer it does not.</summary>
    internal virtual bool NeedsChannelsLast => false;

    /// <summary>Where this layer's parameters lie; only asked of layers that have a weight.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="offset">Where its parameters start.</param>
    /// <param name="input">The input's shape as it lies in memory: for a dense layer behind a flatten layer that of the image.</param>
    internal virtual ParameterBlock CreateBlock(string name, int offset, TensorShape input) => throw new InvalidOperationException($"{Kind} has no parameters");
}
