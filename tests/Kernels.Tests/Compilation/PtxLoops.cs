using System.Text.RegularExpressions;

namespace GpuCnn.Kernels.Tests;

/// <summary>The instructions of a kernel that a thread may come to again: its PTX as a graph of blocks, of which those lie in a loop that can be reached from themselves.</summary>
/// <remarks>Where a loop starts and ends cannot be told from the order of the lines: ILGPU writes blocks as it finds them.</remarks>
public static partial class PtxLoops
{
    /// <summary>The instructions in loops, in the order of the text.</summary>
    public static IReadOnlyList<string> Instructions(string ptx)
    {
        List<Block> blocks = Blocks(ptx);
        Dictionary<string, int> places = blocks.Select((block, i) => (block.Label, i)).Where(b => b.Label.Length > 0).ToDictionary(b => b.Label, b => b.i);
        List<int>[] successors = [.. blocks.Select((block, i) => Successors(block, i, blocks.Count, places))];
        return [.. blocks.Where((_, i) => ReachesItself(i, successors)).SelectMany(block => block.Instructions)];
    }

    /// <summary>How many instructions there are at all.</summary>
    public static int Count(string ptx) => Blocks(ptx).Sum(block => block.Instructions.Count);

    /// <summary>Divisions of integers by what is no number: those by numbers become multiplications.</summary>
    public static int DivisionsByVariables(string ptx) => DivisionByVariable().Count(ptx);

    private static List<Block> Blocks(string ptx)
    {
        var blocks = new List<Block> { new("") };
        // What stands before the body is directives.
        foreach (string line in ptx[ptx.IndexOf(".entry", StringComparison.Ordinal)..].Split('\n').Select(l => l.Trim()))
        {
            if (Label().Match(line) is { Success: true } label)
            {
                blocks.Add(new(label.Groups[1].Value));
            }
            else if (Instruction().IsMatch(line))
            {
                blocks[^1].Instructions.Add(line);
                if (Branch().IsMatch(line))
                {
                    blocks.Add(new(""));
                }
            }
        }
        return blocks;
    }

    private static List<int> Successors(Block block, int i, int count, Dictionary<string, int> places)
    {
        var successors = new List<int>();
        string last = block.Instructions.LastOrDefault("");
        Match branch = Branch().Match(last);
        if (branch.Success)
        {
            successors.Add(places[branch.Groups[2].Value]);
        }
        if (i + 1 < count && !(branch.Success && !branch.Groups[1].Success) && !last.StartsWith("ret", StringComparison.Ordinal))
        {
            successors.Add(i + 1);
        }
        return successors;
    }

    private static bool ReachesItself(int block, List<int>[] successors)
    {
        var seen = new HashSet<int>();
        var open = new Stack<int>(successors[block]);
        while (open.TryPop(out int next))
        {
            if (next == block)
            {
                return true;
            }
            if (seen.Add(next))
            {
                successors[next].ForEach(open.Push);
            }
        }
        return false;
    }

    private sealed record Block(string Label)
    {
        public List<string> Instructions { get; } = [];
    }

    [GeneratedRegex(@"\b(div|rem)\.[su](32|64)\s+%\w+, %\w+, %")]
    private static partial Regex DivisionByVariable();

    [GeneratedRegex(@"^([\w$]+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^(@!?%\w+\s+)?[a-z][\w.:]*(\s.*)?;")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^(@!?%\w+\s+)?bra(?:\.uni)?\s+([\w$]+);")]
    private static partial Regex Branch();
}
