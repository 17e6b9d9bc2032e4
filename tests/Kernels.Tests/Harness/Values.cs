namespace GpuCnn.Kernels.Tests;

/// <summary>Random arrays of doubles that are floats exactly, and their order in device memory. The orders are written as nested loops, not as index
/// arithmetic, which is the kernels' business.</summary>
public static class Values
{
    /// <summary>One number in [-1, 1).</summary>
    public static double Next(Random random) => (float)((2 * random.NextDouble()) - 1);

    /// <summary>A vector.</summary>
    public static double[] Vector(Random random, int length)
    {
        var values = new double[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = Next(random);
        }
        return values;
    }

    /// <summary>A matrix.</summary>
    public static double[,] Matrix(Random random, int rows, int columns)
    {
        var values = new double[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                values[i, j] = Next(random);
            }
        }
        return values;
    }

    /// <summary>A four-dimensional array.</summary>
    public static double[,,,] Tensor(Random random, int a, int b, int c, int d)
    {
        var values = new double[a, b, c, d];
        for (int i = 0; i < a; i++)
        {
            for (int j = 0; j < b; j++)
            {
                for (int k = 0; k < c; k++)
                {
                    for (int l = 0; l < d; l++)
                    {
                        values[i, j, k, l] = Next(random);
                    }
                }
            }
        }
        return values;
    }

    /// <summary>Doubles as floats.</summary>
    public static float[] Floats(IEnumerable<double> values) => [.. values.Select(x => (float)x)];

    /// <summary>[N, C, H, W] in the order N, H, W, C.</summary>
    public static double[] ChannelsLast(double[,,,] nchw) => [.. ChannelsLast<double>(nchw)];

    /// <summary>[N, C, H, W] in the order N, H, W, C.</summary>
    public static IEnumerable<T> ChannelsLast<T>(T[,,,] nchw)
    {
        for (int n = 0; n < nchw.GetLength(0); n++)
        {
            for (int h = 0; h < nchw.GetLength(2); h++)
            {
                for (int w = 0; w < nchw.GetLength(3); w++)
                {
                    for (int c = 0; c < nchw.GetLength(1); c++)
                    {
                        yield return nchw[n, c, h, w];
                    }
                }
            }
        }
    }

    /// <summary>Weight [F, C, Kh, Kw] and bias [F] as the device's parameter matrix.</summary>
    public static double[] ConvParameters(double[,,,] weight, double[] bias)
    {
        var values = new List<double>();
        for (int y = 0; y < weight.GetLength(2); y++)
        {
            for (int x = 0; x < weight.GetLength(3); x++)
            {
                for (int c = 0; c < weight.GetLength(1); c++)
                {
                    for (int f = 0; f < weight.GetLength(0); f++)
                    {
                        values.Add(weight[f, c, y, x]);
                    }
                }
            }
        }
        return [.. values, .. bias];
    }

    /// <summary>Weight [outputs, inputs] and bias [outputs] as the device's parameter matrix.</summary>
    public static double[] DenseParameters(double[,] weight, double[] bias)
    {
        var values = new List<double>();
        for (int i = 0; i < weight.GetLength(1); i++)
        {
            for (int o = 0; o < weight.GetLength(0); o++)
            {
                values.Add(weight[o, i]);
            }
        }
        return [.. values, .. bias];
    }

    /// <summary>A matrix row by row.</summary>
    public static double[] Rows(double[,] matrix) => [.. matrix.Cast<double>()];

    /// <summary>The sum of the products.</summary>
    public static double Dot(IEnumerable<double> a, IEnumerable<double> b) => a.Zip(b, (x, y) => x * y).Sum();

    /// <summary>The sum of the products.</summary>
    public static double Dot(IEnumerable<float> a, IEnumerable<double> b) => Dot(a.Select(x => (double)x), b);
}
