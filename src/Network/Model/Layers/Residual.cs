using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>A residual block: what its layers make of the input, plus the input itself, or what a shortcut makes of it where shapes change.</summary>
/// <remarks>He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015.</remarks>
/// <param name="Body">The layers, at least one.</param>
/// <param name="Shortcut">The layers beside them, for example a 1x1 convolution with a stride and a batch normalization; none where the input itself is added.</param>
public sealed record Residual(IReadOnlyList<Layer> Body, IReadOnlyList<Layer> Shortcut) : Layer
{
    /// <summary>A block that adds its input.</summary>
    /// <param name="body">The layers, at least one.</param>
    public Residual(params IReadOnlyList<Layer> body) : this(body, [])
    {
    }

    /// <inheritdoc/>
    public override string Kind => "residual";

    /// <inheritdoc/>
    public override string Description => Shortcut.Count == 0 ? "add input" : "add shortcut";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input)
    {
        if (Body.Count == 0)
        {
            throw new ModelException($"{Kind}: it has no layers");
        }
        TensorShape body = Through(Body, input), shortcut = Through(Shortcut, input);
        return body == shortcut ? body
            : throw new ModelException($"{Kind}: its layers make {body} of {input}, its shortcut {(Shortcut.Count == 0 ? "leaves it" : $"makes {shortcut}")}; "
                + $"{(Shortcut.Count == 0 ? "give it a shortcut, a 1x1 convolution for example, that makes the same" : "the two must be the same to be added")}");
    }

    /// <inheritdoc/>
    public bool Equals(Residual? other) => other is not null && Body.SequenceEqual(other.Body) && Shortcut.SequenceEqual(other.Shortcut);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Body.Count, Shortcut.Count, Body.Count > 0 ? Body[0] : null);

    internal override bool NeedsChannelsLast => true;

    private static TensorShape Through(IReadOnlyList<Layer> layers, TensorShape input) => layers.Aggregate(input, (shape, layer) => layer.OutputShape(shape));

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("residual", "A residual block: what its layers make of the input, plus the input itself or what the shortcut makes of it.",
        [
            new("layers", SettingForm.Layers, "The layers, at least one."),
            new("shortcut", SettingForm.Layers, "The layers beside them, for example a 1x1 convolution and a batch normalization where shapes change.", Preset: "the input itself"),
        ],
        values => new Residual(values.Layers("layers"), values.Layers("shortcut")),
        (Residual block) => new SettingValues().With("layers", block.Body).With("shortcut", block.Shortcut));
}
