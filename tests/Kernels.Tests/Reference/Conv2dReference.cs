namespace GpuCnn.Kernels.Tests;

/// <summary>Convolution (cross-correlation) and its gradients from the definition, in double, on arrays [N, C, H, W] and weights [F, C, Kh, Kw].</summary>
public static class Conv2dReference
{
    /// <summary>output[n, f, y, x] = bias[f] + sum over c, i, j of padded input[n, c, y s + i, x s + j] weight[f, c, i, j].</summary>
    public static double[,,,] Forward(double[,,,] input, double[,,,] weight, double[] bias, int stride, int padding)
    {
        double[,,,] padded = Pad(input, padding);
        int height = (padded.GetLength(2) - weight.GetLength(2)) / stride, width = (padded.GetLength(3) - weight.GetLength(3)) / stride;
        var output = new double[input.GetLength(0), weight.GetLength(0), height + 1, width + 1];
        ForEachTerm(output, weight, stride, (n, f, y, x, c, i, j, py, px) => output[n, f, y, x] += padded[n, c, py, px] * weight[f, c, i, j]);
        ForEach(output, (n, f, y, x) => output[n, f, y, x] += bias[f]);
        return output;
    }

    /// <summary>Each product of the forward sum gives its input element the weight times the output's gradient.</summary>
    public static double[,,,] InputGradient(double[,,,] gradOutput, double[,,,] weight, int height, int width, int stride, int padding)
    {
        var padded = new double[gradOutput.GetLength(0), weight.GetLength(1), height + (2 * padding), width + (2 * padding)];
        ForEachTerm(gradOutput, weight, stride, (n, f, y, x, c, i, j, py, px) => padded[n, c, py, px] += gradOutput[n, f, y, x] * weight[f, c, i, j]);
        var gradInput = new double[gradOutput.GetLength(0), weight.GetLength(1), height, width];
        ForEach(gradInput, (n, c, y, x) => gradInput[n, c, y, x] = padded[n, c, y + padding, x + padding]);
        return gradInput;
    }

    /// <summary>Each product of the forward sum gives its weight the input element times the output's gradient.</summary>
    public static (double[,,,] Weight, double[] Bias) WeightGradient(double[,,,] input, double[,,,] gradOutput, int kernelHeight, int kernelWidth, int stride, int padding)
    {
        double[,,,] padded = Pad(input, padding);
        var weight = new double[gradOutput.GetLength(1), input.GetLength(1), kernelHeight, kernelWidth];
        var bias = new double[gradOutput.GetLength(1)];
        ForEachTerm(gradOutput, weight, stride, (n, f, y, x, c, i, j, py, px) => weight[f, c, i, j] += gradOutput[n, f, y, x] * padded[n, c, py, px]);
        ForEach(gradOutput, (n, f, y, x) => bias[f] += gradOutput[n, f, y, x]);
        return (weight, bias);
    }

    /// <summary>Calls for every element.</summary>
    public static void ForEach<T>(T[,,,] array, Action<int, int, int, int> visit)
    {
        for (int a = 0; a < array.GetLength(0); a++)
        {
            for (int b = 0; b < array.GetLength(1); b++)
            {
                for (int c = 0; c < array.GetLength(2); c++)
                {
                    for (int d = 0; d < array.GetLength(3); d++)
                    {
                        visit(a, b, c, d);
                    }
                }
            }
        }
    }

    private delegate void Term(int n, int f, int y, int x, int c, int i, int j, int paddedY, int paddedX);

    private static void ForEachTerm(double[,,,] output, double[,,,] weight, int stride, Term visit) => ForEach(output, (n, f, y, x) =>
    {
        for (int c = 0; c < weight.GetLength(1); c++)
        {
            for (int i = 0; i < weight.GetLength(2); i++)
            {
                for (int j = 0; j < weight.GetLength(3); j++)
                {
                    visit(n, f, y, x, c, i, j, (y * stride) + i, (x * stride) + j);
                }
            }
        }
    });

    private static double[,,,] Pad(double[,,,] input, int padding)
    {
        var padded = new double[input.GetLength(0), input.GetLength(1), input.GetLength(2) + (2 * padding), input.GetLength(3) + (2 * padding)];
        ForEach(input, (n, c, y, x) => padded[n, c, y + padding, x + padding] = input[n, c, y, x]);
        return padded;
    }
}
