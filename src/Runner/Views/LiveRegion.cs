using Spectre.Console;
using Spectre.Console.Rendering;

namespace GpuCnn.Runner.Views;

/// <summary>The last lines of a terminal, drawn over and over in place; lines that stay are put above them.</summary>
/// <remarks>Lines are overwritten, not erased first, so nothing flickers. A terminal that became narrower has broken the lines drawn before into
/// several; their widths tell how many.</remarks>
internal sealed class LiveRegion(IAnsiConsole console)
{
    private const string EraseLine = "\u001b[K", EraseBelow = "\u001b[J", HideCursor = "\u001b[?25l", ShowCursor = "\u001b[?25h";

    private readonly List<int> widths = [];
    private bool hidden;

    /// <summary>Draws.</summary>
    /// <param name="above">Lines that stay above the region.</param>
    /// <param name="content">What the region shows; null for nothing, which leaves the cursor where the region began, and visible.</param>
    public void Draw(IReadOnlyList<string> above, IRenderable? content) => console.Write(new Frame(this, above, content));

    private sealed class Frame(LiveRegion region, IReadOnlyList<string> above, IRenderable? content) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
        {
            // A full last column makes some terminals break the line and others not.
            int width = Math.Max(1, maxWidth - 1);
            int up = region.widths.Sum(each => Math.Max(1, (each + maxWidth - 1) / maxWidth)) - 1;
            var segments = new List<Segment> { Segment.Control(up > 0 ? $"\r\u001b[{up}A" : "\r") };
            if (content is not null && !region.hidden)
            {
                segments.Insert(0, Segment.Control(HideCursor));
                region.hidden = true;
            }
            foreach (string line in above)
            {
                segments.AddRange([new Segment(line), Segment.Control(EraseLine), Segment.LineBreak]);
            }
            region.widths.Clear();
            foreach (SegmentLine line in content is null ? [] : Segment.SplitLines(content.Render(options, width)))
            {
                if (region.widths.Count > 0)
                {
                    segments.AddRange([Segment.Control(EraseLine), Segment.LineBreak]);
                }
                List<Segment> kept = Segment.Truncate(line, width);
                // Blanks at the end would be broken like text when the terminal becomes narrower.
                int end = kept.FindLastIndex(segment => !string.IsNullOrWhiteSpace(segment.Text)) + 1;
                kept.RemoveRange(end, kept.Count - end);
                if (kept.Count > 0)
                {
                    kept[^1] = new Segment(kept[^1].Text.TrimEnd(), kept[^1].Style);
                }
                segments.AddRange(kept);
                region.widths.Add(Segment.CellCount(kept));
            }
            segments.Add(Segment.Control(EraseBelow));
            if (content is null)
            {
                segments.Add(Segment.Control(ShowCursor));
                region.hidden = false;
            }
            return segments;
        }
    }
}
