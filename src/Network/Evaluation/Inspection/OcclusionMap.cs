namespace GpuCnn;

/// <summary>What a prediction rests on: how far the probability of its class falls when a grey patch covers a part of the image.</summary>
/// <remarks>Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014. One forward pass a pixel; nothing is estimated.</remarks>
/// <param name="Class">The class that is predicted for the whole image.</param>
/// <param name="Probability">Its probability.</param>
/// <param name="Patch">Height and width of the patch.</param>
/// <param name="Grey">The patch's brightness, 0 to 255.</param>
/// <param name="Drop">[height][width]: the probability lost when the patch lies centred on that pixel; negative where covering it helps.</param>
internal sealed record OcclusionMap(int Class, double Probability, int Patch, byte Grey, IReadOnlyList<IReadOnlyList<double>> Drop)
{
    /// <summary>Covers one pixel after another, with what lies around it.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="image">A set of one image; its label is not looked at.</param>
    /// <param name="patch">Height and width of the patch, odd, so that it has a middle; what hangs over the edge is cut.</param>
    /// <param name="grey">The patch's brightness in every channel.</param>
    /// <returns>The map.</returns>
    /// <exception cref="ModelException">The image does not fit the model.</exception>
    /// <exception cref="ArgumentException">There is not exactly one image, or the patch is not odd and positive.</exception>
    public static OcclusionMap Of(Classifier classifier, ImageSet image, int patch = 7, byte grey = 127)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(image);
        if (image.Count != 1)
        {
            throw new ArgumentException($"{image.Count} images, but a map is of one", nameof(image));
        }
        if (patch < 1 || patch % 2 == 0)
        {
            throw new ArgumentException($"a patch of {patch} pixels has no middle", nameof(patch));
        }
        Prediction whole = classifier.Predict(image)[0];
        TensorShape shape = image.Shape;
        int positions = shape.Height * shape.Width;
        var covered = new byte[positions * shape.Count];
        for (int i = 0; i < positions; i++)
        {
            Span<byte> target = covered.AsSpan(i * shape.Count, shape.Count);
            image.Pixels.Span.CopyTo(target);
            Cover(target, shape, i / shape.Width, i % shape.Width, patch / 2, grey);
        }
        double[] drop = [.. classifier.Predict(new ImageSet(covered, new byte[positions], shape, image.ClassNames))
            .Select(each => whole.Probabilities[whole.Class] - each.Probabilities[whole.Class])];
        return new OcclusionMap(whole.Class, whole.Probabilities[whole.Class], patch, grey, [.. drop.Chunk(shape.Width)]);
    }

    private static void Cover(Span<byte> pixels, TensorShape shape, int row, int column, int reach, byte grey)
    {
        int left = Math.Max(0, column - reach), right = Math.Min(shape.Width - 1, column + reach);
        for (int y = Math.Max(0, row - reach); y <= Math.Min(shape.Height - 1, row + reach); y++)
        {
            pixels.Slice(((y * shape.Width) + left) * shape.Channels, (right - left + 1) * shape.Channels).Fill(grey);
        }
    }
}
