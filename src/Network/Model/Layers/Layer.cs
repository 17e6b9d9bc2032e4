namespace GpuCnn;

/// <summary>A layer as a model lists it: its settings, and the shapes that follow from them.</summary>
public abstract record Layer
{
    private protected Layer()
    {
    }

    /// <summary>The word that its name starts with: <c>conv</c> in <c>conv1</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Its settings in a few words, for people.</summary>
    public virtual string Description => "";

    /// <summary>The shape that comes out for a shape that goes in.</summary>
    /// <param name="input">The shape of one image, or of what the layers before made of it.</param>
    /// <returns>The shape that the next layer gets.</returns>
    /// <exception cref="ModelException">The layer's settings are impossible, or the shape does not fit them.</exception>
    public abstract TensorShape OutputShape(TensorShape input);

    /// <summary>Multiply-adds for one image.</summary>
    /// <param name="input">The shape that goes in.</param>
    /// <returns>Multiply-adds, 0 for a layer that only compares or copies.</returns>
    public virtual long MultiplyAdds(TensorShape input) => 0;

    /// <summary>Its tensors in files, PyTorch's names and shapes; none for a layer without parameters.</summary>
    internal virtual IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> ParameterShapes(TensorShape input) => [];

    /// <summary>Whether the output has the elements of the input, each in its place in memory.</summary>
    internal virtual bool KeepsMemory => false;

    /// <summary>Whether it changes its input instead of having an output of its own.</summary>
    internal virtual bool WorksInPlace => KeepsMemory;

    /// <summary>Whether it must know which element is of which channel, which behind a flatten layer it does not.</summary>
    internal virtual bool NeedsChannelsLast => false;

    /// <summary>The shapes of a weight and, where there is one, a bias with an element for each of the weight's first dimension.</summary>
    private protected static IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> WeightAndBias(bool hasBias, params IReadOnlyList<int> weight) =>
        [(ParameterNames.Weight, weight), .. hasBias ? [(ParameterNames.Bias, [weight[0]])] : ((string, IReadOnlyList<int>)[])[]];
}
