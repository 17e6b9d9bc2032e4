using GpuCnn.Kernels;

namespace GpuCnn.Runner.Commands;

/// <summary>Which images of a split are wanted.</summary>
/// <param name="Class">Only this class; null for all.</param>
/// <param name="Count">How many at most.</param>
/// <param name="Seed">Draws them at random; null takes the first ones.</param>
internal sealed record ImageChoice(int? Class, int Count, ulong? Seed)
{
    /// <summary>The stream that sets the sample's random numbers apart from those of training.</summary>
    private const uint SampleStream = 4;

    /// <summary>The images of the wanted class.</summary>
    /// <param name="images">The split.</param>
    public int[] Candidates(ImageSet images) => [.. Enumerable.Range(0, images.Count).Where(index => Class is null || images.Labels.Span[index] == Class)];

    /// <summary>Takes the first ones, or a random sample, in ascending order.</summary>
    /// <param name="candidates">All that fit, ascending.</param>
    public int[] Take(int[] candidates)
    {
        int count = Math.Min(Count, candidates.Length);
        if (Seed is not { } seed)
        {
            return candidates[..count];
        }
        int[] order = [.. candidates];
        for (int i = 0; i < count; i++)
        {
            int j = i + (int)(((ulong)Philox.At((uint)i, 0, 0, SampleStream, seed).X0 * (ulong)(order.Length - i)) >> 32);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return [.. order[..count].Order()];
    }
}
