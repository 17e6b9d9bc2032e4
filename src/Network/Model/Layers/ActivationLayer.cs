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

    /// <summary>The ONNX operators that it is made of, each of which reads what the one before gave.</summary>
    internal abstract IReadOnlyList<OperatorStep> Operators { get; }
}

/// <summary>An operator of ONNX that reads the value before it, and perhaps one more.</summary>
internal sealed record OperatorStep(string Operator)
{
    /// <summary>A number that it reads too.</summary>
    public (string Name, float Value)? Constant { get; init; }

    /// <summary>Whether it also reads what came into the layer.</summary>
    public bool ReadsInput { get; init; }

    /// <summary>A setting.</summary>
    public (string Name, float Value)? Attribute { get; init; }
}
