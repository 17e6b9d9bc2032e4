namespace GpuCnn.Kernels.Tests;

/// <summary>Max-pooling and ReLU from the definition, in double, on arrays [N, C, H, W].</summary>
public static class PoolReference
{
    /// <summary>max(x, 0), NaN staying NaN.</summary>
    public static double Relu(double x) => x < 0 ? 0 : x;

    /// <summary>ReLU of every element.</summary>
    public static double[,,,] Relu(double[,,,] input)
    {
        var output = (double[,,,])input.Clone();
        Conv2dReference.ForEach(output, (n, c, y, x) => output[n, c, y, x] = Relu(input[n, c, y, x]));
        return output;
    }

    /// <summary>The number of windows along one direction, by trying them one after another: a window counts if it lies inside, with ceil also if it starts inside and
    /// the one before it did not reach the end. Padding lies on both sides; inside it on the far side no window starts.</summary>
    public static int Outputs(int size, int window, int stride, bool ceil, int padding = 0)
    {
        int count = 0, end = size + padding;
        for (int start = -padding; start + window <= end; start += stride)
        {
            count++;
        }
        bool reached = count > 0 && ((count - 1) * stride) - padding + window >= end;
        return ceil && !reached && (count * stride) - padding < size ? count + 1 : count;
    }

    /// <summary>The largest value of every window and where it lies, as (row, column); the first of equals in row order; NaN above all.</summary>
    public static (double[,,,] Output, (int Y, int X)[,,,] Winners) MaxPool(double[,,,] input, int windowHeight, int windowWidth, int stride, bool ceil, int padding = 0)
    {
        int height = input.GetLength(2), width = input.GetLength(3);
        var output = new double[input.GetLength(0), input.GetLength(1), Outputs(height, windowHeight, stride, ceil, padding), Outputs(width, windowWidth, stride, ceil, padding)];
        var winners = new (int Y, int X)[output.GetLength(0), output.GetLength(1), output.GetLength(2), output.GetLength(3)];
        Conv2dReference.ForEach(output, (n, c, oy, ox) =>
        {
            var candidates = from i in Enumerable.Range(0, windowHeight)
                             from j in Enumerable.Range(0, windowWidth)
                             let place = (Y: (oy * stride) - padding + i, X: (ox * stride) - padding + j)
                             where place is { Y: >= 0, X: >= 0 } && place.Y < height && place.X < width
                             select place;
            // A stable sort: among equals the first stays first.
            (int Y, int X) best = candidates.OrderByDescending(p => input[n, c, p.Y, p.X], Comparer<double>.Create(NanIsLargest)).First();
            winners[n, c, oy, ox] = best;
            output[n, c, oy, ox] = input[n, c, best.Y, best.X];
        });
        return (output, winners);
    }

    /// <summary>Each winner gets its window's gradient.</summary>
    public static double[,,,] MaxPoolGradient(double[,,,] gradOutput, (int Y, int X)[,,,] winners, int height, int width)
    {
        var gradInput = new double[gradOutput.GetLength(0), gradOutput.GetLength(1), height, width];
        Conv2dReference.ForEach(gradOutput, (n, c, y, x) =>
        {
            (int wy, int wx) = winners[n, c, y, x];
            gradInput[n, c, wy, wx] += gradOutput[n, c, y, x];
        });
        return gradInput;
    }

    private static int NanIsLargest(double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a.CompareTo(b);
}
