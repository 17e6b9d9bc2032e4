using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>A function of every value by itself.</summary>
public abstract record ActivationLayer : Layer
{
    private protected ActivationLayer()
    {
    }

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => input;

    internal override bool KeepsMemory => true;

    internal sealed override bool WorksInPlace => Accept(new InPlace());

    /// <summary>The ONNX operators that it is made of, each of which reads what the one before gave.</summary>
    internal abstract IReadOnlyList<OperatorStep> Operators { get; }

    /// <summary>What it does, in a sentence for beginners.</summary>
    /// <param name="input">The name of what it reads, with which the sentence may begin.</param>
    internal abstract string Explain(string input);

    /// <summary>Hands the function that computes it to a visitor.</summary>
    internal abstract TResult Accept<TResult>(IActivationVisitor<TResult> visitor);

    private readonly struct InPlace : IActivationVisitor<bool>
    {
        public bool Visit<TFunction>(TFunction function) where TFunction : unmanaged, IActivation => TFunction.Reads != OutputUse.None;
    }
}

/// <summary>Whoever needs the type of the function that computes an activation.</summary>
internal interface IActivationVisitor<TResult>
{
    /// <summary>Gets the function.</summary>
    TResult Visit<TFunction>(TFunction function) where TFunction : unmanaged, IActivation;
}

/// <summary>An operator of ONNX (opset 13) that reads the value before it, and perhaps more.</summary>
internal sealed record OperatorStep(string Operator)
{
    /// <summary>Numbers that it reads too.</summary>
    public IReadOnlyList<(string Name, float Value)> Constants { get; init; } = [];

    /// <summary>Whether it also reads what came into the layer.</summary>
    public bool ReadsInput { get; init; }

    /// <summary>A setting.</summary>
    public (string Name, float Value)? Attribute { get; init; }
}

/// <summary>How Keras spells an activation: as the word of a layer's activation setting, or as the class of a layer.</summary>
/// <param name="Name">The word, such as <c>leaky_relu</c>, or the class, such as <c>LeakyReLU</c>.</param>
/// <param name="Create">Makes the layer from Keras's numbers by name, null for those not given; gives null where they mean something else.</param>
internal sealed record KerasForm(string Name, Func<Func<string, double?>, Layer?> Create);
