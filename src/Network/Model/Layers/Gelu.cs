namespace GpuCnn;

/// <summary>GELU in its exact form: x times the normal distribution's Φ(x).</summary>
public sealed record Gelu : Layer
{
    /// <inheritdoc/>
    public override string Kind => "gelu";

    /// <inheritdoc/>
    public override string Description => "";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => input;

    /// <summary>The values lie as they came, though elsewhere: what went in is needed for the gradient.</summary>
    internal override bool KeepsMemory => true;

    internal override bool WorksInPlace => false;

    /// <summary>By erf, for the operators' version has no GELU of its own.</summary>
    internal override void Export(OnnxGraph graph)
    {
        string input = graph.Current;
        graph.Node("Div", [graph.Constant("root_of_2", MathF.Sqrt(2))]);
        graph.Node("Erf", []);
        graph.Node("Add", [graph.Constant("one", 1)]);
        graph.Node("Mul", [input]);
        graph.Node("Mul", [graph.Constant("half", 0.5f)]);
    }

    internal override Stage CreateStage(StageContext context) => new GeluStage(context);
}
