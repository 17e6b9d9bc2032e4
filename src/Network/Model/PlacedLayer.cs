namespace GpuCnn;

/// <summary>A layer in its place in a model.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Summary">Its line of the model's summary.</param>
/// <param name="Index">The number of that line, from 0.</param>
/// <param name="Input">The shape of what it gets.</param>
/// <param name="InputMemory">The shape of that as it lies in memory: behind a flatten layer that of the image.</param>
/// <param name="Body">The layers of a residual block.</param>
/// <param name="Shortcut">The layers of its shortcut.</param>
internal sealed record PlacedLayer(Layer Layer, LayerSummary Summary, int Index, TensorShape Input, TensorShape InputMemory, IReadOnlyList<PlacedLayer> Body, IReadOnlyList<PlacedLayer> Shortcut)
{
    /// <summary>The layers inside of this one and then this one, in the order of the summary.</summary>
    public IEnumerable<PlacedLayer> WithThoseInside() => Body.Concat(Shortcut).SelectMany(layer => layer.WithThoseInside()).Append(this);
}
