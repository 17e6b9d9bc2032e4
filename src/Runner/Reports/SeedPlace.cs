using System.Globalization;

namespace GpuCnn.Runner.Reports;

/// <summary>A run's place among those of several seeds.</summary>
/// <param name="Folder">The folder of all of them.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Number">The how many-th it is, from 1.</param>
/// <param name="Count">How many there are.</param>
internal sealed record SeedPlace(string Folder, ulong Seed, int Number, int Count)
{
    /// <summary>The run's folder.</summary>
    public string Run => SeedFolder.RunOf(Folder, Seed);

    /// <summary>The place of a set's run.</summary>
    /// <param name="seeds">The set.</param>
    /// <param name="number">The how many-th run it is, from 1.</param>
    public static SeedPlace Of(SeedsDocument seeds, int number) => new(seeds.Run, seeds.Seed + (ulong)number - 1, number, seeds.Seeds);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"seed {Seed} ({Number} of {Count})");
}
