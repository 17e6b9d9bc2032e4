namespace GpuCnn;

/// <summary>A feature lined up with a patch of the X: multiplied pixel by pixel, added up, divided by the number of pixels.</summary>
/// <param name="Feature">The feature.</param>
/// <param name="Row">The patch's first row, which is also its row in the map.</param>
/// <param name="Column">The patch's first column.</param>
/// <param name="Patch">The patch's pixels, row by row.</param>
/// <param name="Products">Pixel times feature, row by row.</param>
/// <param name="Sum">The products' sum.</param>
/// <param name="Mean">The sum divided by the number of pixels.</param>
internal sealed record LineUp(ExampleImage Feature, int Row, int Column, IReadOnlyList<float> Patch, IReadOnlyList<float> Products, float Sum, float Mean)
{
    /// <summary>Also done by a convolution, whose filters are the feature's pixels one by one, the feature, and the feature divided by the number of its pixels.</summary>
    internal static LineUp Of(Device device, ExampleImage feature, int row, int column)
    {
        int size = feature.Size, pixels = size * size;
        var model = new ModelDefinition("line-up", new TensorShape(1, size, size), 1, new Conv2d(pixels + 2, size, size));
        var weight = new float[(pixels + 2) * pixels];
        for (int i = 0; i < pixels; i++)
        {
            weight[(i * pixels) + i] = feature.Values[i];
            weight[(pixels * pixels) + i] = feature.Values[i];
            weight[((pixels + 1) * pixels) + i] = feature.Values[i] / pixels;
        }
        using var inspector = new Inspector(model, WorkedExample.Weights(model, weight), device);
        ExampleImage image = CrossesAndNoughts.X;
        float[] patch = [.. Enumerable.Range(0, pixels).Select(i => image.Values[((row + (i / size)) * image.Size) + column + (i % size)])];
        IReadOnlyList<float> values = inspector.Trace(patch)[^1].Values;
        return new LineUp(feature, row, column, patch, [.. values.Take(pixels)], values[pixels], values[pixels + 1]);
    }
}
