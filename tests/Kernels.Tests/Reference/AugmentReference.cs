namespace GpuCnn.Kernels.Tests;

/// <summary>Augmentation picture by picture: a larger picture with its edges repeated, a window of it, its rows turned round, a rectangle painted over.</summary>
public static class AugmentReference
{
    /// <summary>What happens to an image.</summary>
    public readonly record struct Change(int Right, int Down, bool Mirrored, int Top, int Left, int Rows, int Columns);

    /// <summary>The decisions: a word, as a fraction of 2^32, of the number of choices.</summary>
    public static Change Decide(int image, AugmentCase c, ulong seed, uint step)
    {
        uint[] key = [(uint)(seed % (1UL << 32)), (uint)(seed / (1UL << 32))];
        uint[] words = PhiloxReference.Words([(uint)image, step, 0, 5], key);
        int right = Choose(words[0], (2 * c.Shift) + 1) - c.Shift, down = Choose(words[1], (2 * c.Shift) + 1) - c.Shift;
        bool mirrored = c.Flip && words[2] >= Math.Pow(2, 31);
        if (words[3] >= Math.Round(c.Erase * Math.Pow(2, 32)))
        {
            return new Change(right, down, mirrored, 0, 0, 0, 0);
        }
        uint[] place = PhiloxReference.Words([(uint)image, step, 1, 5], key);
        (int rows, int columns) = c.Rectangles[Choose(place[0], c.Rectangles.Length)];
        return new Change(right, down, mirrored, Choose(place[1], c.Height - rows + 1), Choose(place[2], c.Width - columns + 1), rows, columns);
    }

    /// <summary>The changed image, [H, W, C].</summary>
    public static byte[] Apply(Change change, byte[] image, AugmentCase c)
    {
        int margin = c.Shift;
        var wide = new byte[c.Height + (2 * margin), c.Width + (2 * margin), c.Channels];
        for (int y = 0; y < wide.GetLength(0); y++)
        {
            for (int x = 0; x < wide.GetLength(1); x++)
            {
                int nearestRow = y < margin ? 0 : y >= margin + c.Height ? c.Height - 1 : y - margin;
                int nearestColumn = x < margin ? 0 : x >= margin + c.Width ? c.Width - 1 : x - margin;
                for (int k = 0; k < c.Channels; k++)
                {
                    wide[y, x, k] = image[(((nearestRow * c.Width) + nearestColumn) * c.Channels) + k];
                }
            }
        }
        var rows = new List<byte[]>();
        for (int y = 0; y < c.Height; y++)
        {
            var pixels = new List<byte[]>();
            for (int x = 0; x < c.Width; x++)
            {
                pixels.Add([.. Enumerable.Range(0, c.Channels).Select(k => wide[y + margin - change.Down, x + margin - change.Right, k])]);
            }
            if (change.Mirrored)
            {
                pixels.Reverse();
            }
            if (y >= change.Top && y < change.Top + change.Rows)
            {
                for (int x = change.Left; x < change.Left + change.Columns; x++)
                {
                    pixels[x] = c.Fill;
                }
            }
            rows.Add([.. pixels.SelectMany(pixel => pixel)]);
        }
        return [.. rows.SelectMany(row => row)];
    }

    private static int Choose(uint word, int count) => (int)Math.Floor(word / Math.Pow(2, 32) * count);
}

/// <summary>A size of images and what is done to them.</summary>
public sealed record AugmentCase(int Height, int Width, int Channels, int Shift, bool Flip, double Erase, params (int Rows, int Columns)[] Rectangles)
{
    /// <summary>The colour of erased pixels.</summary>
    public byte[] Fill { get; } = [.. Enumerable.Range(0, Channels).Select(k => (byte)(201 - (50 * (k % 4))))];
}
