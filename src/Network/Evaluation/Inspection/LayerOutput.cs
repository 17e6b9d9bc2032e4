namespace GpuCnn;

/// <summary>What a layer made of one image.</summary>
/// <param name="Name">The layer's name, as its tensors have it in files.</param>
/// <param name="Description">Its settings.</param>
/// <param name="Shape">The output's shape.</param>
/// <param name="Values">[channels, height, width].</param>
internal sealed record LayerOutput(string Name, string Description, TensorShape Shape, IReadOnlyList<float> Values)
{
    /// <summary>One channel of an image, row by row.</summary>
    /// <param name="channel">From 0.</param>
    /// <returns>[height][width].</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such channel.</exception>
    public IReadOnlyList<IReadOnlyList<float>> Map(int channel)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(channel, Shape.Channels);
        int first = channel * Shape.Height * Shape.Width;
        return [.. Enumerable.Range(0, Shape.Height).Select(y => Values.Skip(first + (y * Shape.Width)).Take(Shape.Width).ToArray())];
    }
}
