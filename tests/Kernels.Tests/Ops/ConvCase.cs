namespace GpuCnn.Kernels.Tests;

/// <summary>Sizes of a convolution, and random data for them.</summary>
public sealed record ConvCase(int N, int C, int F, int H, int W, int Kh, int Kw, int S, int P, bool Pooled = false, bool Bias = true)
{
    /// <summary>The sizes are different from each other, so that none can stand for another by mistake; the last of each list are networks' own.</summary>
    public static IReadOnlyList<ConvCase> Plain { get; } =
    [
        new(2, 4, 5, 11, 9, 3, 1, 1, 0),
        new(3, 2, 17, 8, 10, 1, 4, 1, 1),
        new(5, 3, 33, 12, 9, 2, 4, 2, 2),
        new(1, 7, 32, 10, 13, 5, 3, 3, 1),
        new(4, 1, 16, 13, 11, 3, 5, 2, 0),
        new(2, 19, 64, 7, 8, 3, 4, 1, 2),
        new(17, 2, 3, 6, 9, 4, 5, 1, 2),     // one image more than the weight gradient has chunks
        new(35, 3, 6, 7, 8, 2, 5, 3, 2),     // a last chunk that is not full
        new(6, 33, 7, 5, 9, 2, 3, 1, 0),     // more than one panel of input channels
        new(2, 1, 4, 3, 6, 3, 5, 1, 2),      // a kernel as high as the input
        new(3, 5, 48, 1, 11, 1, 2, 2, 0),    // one line
        new(4, 3, 6, 5, 8, 2, 1, 1, 2),      // windows that lie in the padding altogether
        new(3, 4, 9, 10, 11, 2, 1, 3, 0),    // pixels that no window sees
        new(2, 3, 70, 9, 10, 4, 5, 1, 1),    // more filters than a GPU tile has columns
        // Channels and filters in fours, and more rows than a GPU tile has: vector loads, slices of the weight gradient, phases of a stride.
        new(1, 4, 8, 18, 17, 3, 2, 1, 1),
        new(3, 8, 16, 11, 13, 4, 2, 3, 2),
        new(2, 12, 68, 10, 19, 2, 3, 2, 1),
        new(1, 1, 1, 1, 1, 1, 1, 1, 0),
        new(1, 64, 128, 13, 13, 3, 3, 2, 1),
        // One tap, and as many input channels as vectors have lanes or more: projections, as shortcuts of residual blocks are.
        new(5, 16, 24, 9, 11, 1, 1, 2, 0),
        new(2, 35, 33, 7, 10, 1, 1, 1, 0),
        // Square kernels with as much padding as they are wide, or more: the input's gradient is no convolution with padding of its own.
        new(3, 4, 9, 6, 8, 1, 1, 1, 1),
        new(2, 5, 7, 3, 10, 2, 2, 1, 2),
        new(4, 6, 3, 5, 7, 1, 1, 1, 2),
        new(3, 48, 17, 8, 12, 1, 1, 3, 0, Bias: false),
        new(4, 3, 10, 8, 9, 2, 3, 1, 1, Bias: false),
        new(19, 12, 36, 7, 10, 3, 2, 2, 1, Bias: false),
    ];

    /// <summary>Convolution, ReLU and 2 x 2 max-pooling in one.</summary>
    public static IReadOnlyList<ConvCase> WithPool { get; } =
    [
        new(3, 2, 17, 8, 11, 1, 4, 1, 1, true),
        new(5, 3, 33, 12, 9, 2, 4, 2, 2, true),
        new(1, 7, 16, 10, 13, 5, 3, 2, 1, true),
        new(18, 2, 40, 7, 9, 3, 4, 1, 0, true),
        new(4, 5, 3, 6, 8, 2, 1, 1, 2, true),
        new(33, 1, 6, 5, 7, 4, 3, 1, 0, true),
        new(2, 1, 70, 9, 10, 3, 5, 3, 2, true),
        // One channel, three columns, no padding: the CPU bodies read the image itself.
        new(19, 1, 33, 8, 10, 1, 3, 1, 0, true),
        new(4, 1, 70, 9, 13, 2, 3, 2, 0, true),
        new(35, 1, 16, 14, 12, 4, 3, 3, 0, true),
        new(5, 1, 17, 11, 9, 3, 3, 2, 0, true),
        new(2, 1, 32, 28, 28, 3, 3, 1, 0, true),
        new(3, 1, 70, 9, 10, 3, 3, 1, 0, true),
        new(19, 1, 37, 11, 12, 2, 3, 2, 0, true),
        new(2, 8, 12, 20, 19, 3, 2, 1, 1, true),
        new(3, 4, 68, 15, 18, 4, 3, 2, 1, true),
        // As many input channels as vectors have lanes, or a multiple: lines of 2, 6, 15, 12, 5 and 32 vectors.
        new(3, 16, 5, 9, 11, 3, 2, 2, 1, true),
        new(18, 32, 7, 8, 10, 2, 3, 1, 0, true),
        new(2, 48, 9, 11, 12, 3, 5, 3, 2, true),
        new(5, 64, 19, 13, 12, 2, 3, 2, 1, true),
        new(2, 80, 6, 5, 7, 3, 1, 1, 1, true),
        new(34, 128, 3, 6, 5, 2, 4, 1, 1, true),
        new(3, 17, 20, 8, 9, 1, 1, 1, 0, true),
        new(2, 32, 34, 11, 13, 1, 1, 2, 0, true),
        // Lines of 9 vectors, for which the CPU bodies have a loop of their own, as for 2, 3, 4, 6, 8 and 12.
        new(2, 48, 7, 8, 9, 2, 3, 1, 0, true),
        // 5, 13, 14 and 16 taps: a thread of the GPU has them in fours.
        new(3, 5, 34, 6, 9, 1, 1, 1, 0, true),
        new(2, 13, 20, 7, 5, 1, 1, 1, 0, true),
        new(4, 2, 9, 6, 12, 1, 7, 1, 0, true),
        new(18, 1, 35, 9, 10, 4, 4, 1, 0, true),
        // Without a bias, in each of the bodies.
        new(3, 5, 7, 8, 11, 2, 3, 1, 1, true, false),
        new(18, 1, 34, 11, 9, 3, 3, 1, 0, true, false),
        new(2, 32, 20, 9, 7, 3, 2, 1, 1, true, false),
    ];

    /// <summary>Both; the first uses every operand.</summary>
    public static IEnumerable<ConvCase> All => WithPool.Concat(Plain);

    /// <summary>The sizes as the operations take them.</summary>
    internal Conv2dShape Shape => new(C, H, W, F, Kh, Kw, S, P, Pooled, Bias);

    /// <summary>The same sizes without ReLU and pooling.</summary>
    public ConvCase Unpooled => this with { Pooled = false };

    public double[,,,] Input(Random random) => Values.Tensor(random, N, C, H, W);

    public double[,,,] Weight(Random random) => Values.Tensor(random, F, C, Kh, Kw);

    /// <summary>[F] random numbers, or none where there is no bias.</summary>
    public double[] BiasVector(Random random) => Bias ? Values.Vector(random, F) : [];

    public double[,,,] GradOutput(Random random) => Values.Tensor(random, N, F, Shape.OutputHeight, Shape.OutputWidth);

    /// <summary>For each pooled value 0 to 3 or 4 for closed, all equally likely; empty for a plain convolution.</summary>
    public byte[] Winners(Random random)
    {
        var winners = new byte[Pooled ? N * Shape.OutputCount : 0];
        for (int i = 0; i < winners.Length; i++)
        {
            winners[i] = (byte)random.Next(5);
        }
        return winners;
    }

    /// <summary>The gradient before ReLU and pooling: the winner of each window has it all.</summary>
    public double[,,,] Spread(double[,,,] gradOutput, byte[] winners)
    {
        if (!Pooled)
        {
            return gradOutput;
        }
        var spread = new double[N, F, Shape.ConvHeight, Shape.ConvWidth];
        using IEnumerator<byte> winner = ((IEnumerable<byte>)winners).GetEnumerator();
        for (int n = 0; n < N; n++)
        {
            for (int y = 0; y < gradOutput.GetLength(2); y++)
            {
                for (int x = 0; x < gradOutput.GetLength(3); x++)
                {
                    for (int f = 0; f < F; f++)
                    {
                        winner.MoveNext();
                        (int down, int right) = winner.Current switch { 0 => (0, 0), 1 => (0, 1), 2 => (1, 0), 3 => (1, 1), _ => (-1, -1) };
                        if (down >= 0)
                        {
                            spread[n, f, (2 * y) + down, (2 * x) + right] = gradOutput[n, f, y, x];
                        }
                    }
                }
            }
        }
        return spread;
    }

    public override string ToString() => $"N{N} C{C} F{F} {H}x{W} kernel {Kh}x{Kw} stride {S} padding {P}{(Pooled ? " pooled" : "")}{(Bias ? "" : " no bias")}";
}
