namespace GpuCnn;

/// <summary>A number for each parameter of a network, in files' order or as the network holds them.</summary>
internal sealed class StateTensors
{
    private readonly Lazy<IReadOnlyList<WeightTensor>> inOrder;
    private readonly Func<IEnumerable<TensorContent>> contents;

    /// <summary>Tensors as files hold them.</summary>
    /// <param name="tensors">The tensors.</param>
    public StateTensors(IReadOnlyList<WeightTensor> tensors) => (inOrder, contents) = (new(tensors), () => tensors.Select(TensorContent.Of));

    /// <summary>Numbers as the network holds them; they come into files' order when somebody asks, for a training waits while its state is captured.</summary>
    /// <param name="blocks">Where each layer's lie.</param>
    /// <param name="parameters">The numbers, which nobody changes any more.</param>
    public StateTensors(IReadOnlyList<ParameterBlock> blocks, float[] parameters) => (inOrder, contents) = (
        new(() => ParameterBlock.ToFile(blocks, parameters)),
        // What was brought into order for somebody else need not be a second time.
        () => inOrder!.IsValueCreated ? inOrder.Value.Select(TensorContent.Of) : ParameterBlock.Contents(blocks, parameters));

    /// <summary>The tensors as files hold them.</summary>
    public IReadOnlyList<WeightTensor> InOrder => inOrder.Value;

    /// <summary>Whether a list is <see cref="InOrder"/>; what was not asked for yet nobody has.</summary>
    /// <param name="tensors">The list.</param>
    public bool Is(IReadOnlyList<WeightTensor> tensors) => inOrder.IsValueCreated && ReferenceEquals(inOrder.Value, tensors);

    /// <summary>The tensors on their way into a file.</summary>
    /// <param name="prefix">What their names begin with there.</param>
    public IEnumerable<TensorContent> Contents(string prefix) => contents().Select(content => content with { Name = prefix + content.Name });
}
