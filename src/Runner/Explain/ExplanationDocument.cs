namespace GpuCnn.Runner.Explain;

/// <summary>What <c>explain --json</c> writes.</summary>
internal sealed record ExplanationDocument(string Title, string Summary, IReadOnlyList<StepDocument> Steps)
{
    public static ExplanationDocument Of(Explanation explanation) => new(explanation.Title, explanation.Summary, [.. explanation.Steps.Select(StepDocument.Of)]);
}

/// <summary>A step.</summary>
internal sealed record StepDocument(string Name, string Title, IReadOnlyList<string> Text, IReadOnlyList<GridDocument> Grids, IReadOnlyList<ListingDocument> Tables,
    IReadOnlyList<ShareDocument> Shares)
{
    public static StepDocument Of(Step step) => new(step.Name, step.Title, [.. step.Blocks.OfType<Prose>().Select(prose => prose.Text)],
        [.. step.Blocks.OfType<Grids>().SelectMany(grids => grids.Items).Select(GridDocument.Of)],
        [.. step.Blocks.OfType<Listing>().Select(listing => new ListingDocument(listing.Caption, listing.Columns, listing.Rows))],
        [.. step.Blocks.OfType<Bars>().SelectMany(bars => bars.Shares).Select(share => new ShareDocument(share.Name, share.Value))]);
}

/// <summary>A grid: its numbers in full, and as they are written; the latter null for one that is only colours.</summary>
internal sealed record GridDocument(string Caption, IReadOnlyList<IReadOnlyList<double>> Values, IReadOnlyList<IReadOnlyList<string>>? Shown)
{
    public static GridDocument Of(NumberGrid grid) => new(grid.Caption, grid.Values,
        grid.HasNumbers ? [.. grid.Values.Select(row => row.Select(grid.Text).ToArray())] : null);
}

/// <summary>A table of text.</summary>
internal sealed record ListingDocument(string Caption, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>A bar.</summary>
internal sealed record ShareDocument(string Name, double Value);
