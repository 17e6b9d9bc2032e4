namespace GpuCnn;

/// <summary>A part of a training's state: a number for each parameter of a network, in files' order or as the network holds them.</summary>
internal sealed class StateTensors
{
    /// <summary>The parts that do not depend on the optimizer.</summary>
    public const string WeightsName = "weights", AverageName = "averaged_weights";

    private readonly Lazy<IReadOnlyList<WeightTensor>> inOrder;

    /// <summary>Tensors as files hold them.</summary>
    public StateTensors(string name, IReadOnlyList<WeightTensor> tensors) => (Name, Words, inOrder) = (name, "", new(tensors));

    /// <summary>Numbers as the network holds them; they come into files' order when somebody asks, for a training waits while its state is captured.</summary>
    /// <param name="name">What the tensors' names begin with in a checkpoint, before a slash.</param>
    /// <param name="words">What a message says before a weight's name.</param>
    /// <param name="blocks">Where each layer's lie.</param>
    /// <param name="parameters">The numbers, which nobody changes any more.</param>
    public StateTensors(string name, string words, IReadOnlyList<ParameterBlock> blocks, float[] parameters) =>
        (Name, Words, Blocks, Parameters, inOrder) = (name, words, blocks, parameters, new(() => ParameterBlock.ToFile(blocks, parameters)));

    public string Name { get; }

    public string Words { get; }

    public IReadOnlyList<ParameterBlock> Blocks { get; } = [];

    /// <summary>The numbers as the network holds them; empty for those of a file.</summary>
    public float[] Parameters { get; } = [];

    /// <summary>The tensors as files hold them.</summary>
    public IReadOnlyList<WeightTensor> InOrder => inOrder.Value;

    /// <summary>Whether a list is <see cref="InOrder"/>; what was not asked for yet nobody has.</summary>
    public bool Is(IReadOnlyList<WeightTensor> tensors) => inOrder.IsValueCreated && ReferenceEquals(inOrder.Value, tensors);

    /// <summary>The tensors on their way into a checkpoint. What was brought into order for somebody else is not a second time.</summary>
    public IEnumerable<TensorContent> Contents() =>
        (inOrder.IsValueCreated ? inOrder.Value.Select(TensorContent.Of) : ParameterBlock.Contents(Blocks, Parameters)).Select(content => content with { Name = $"{Name}/{content.Name}" });
}
