namespace GpuCnn.Kernels.Tests;

/// <summary>A dense layer from the definition, in double: input [N, inputs], weight [outputs, inputs], bias [outputs].</summary>
public static class DenseReference
{
    /// <summary>output[n, o] = bias[o] + sum over i of weight[o, i] input[n, i].</summary>
    public static double[,] Forward(double[,] input, double[,] weight, double[] bias)
    {
        var output = new double[input.GetLength(0), weight.GetLength(0)];
        ForEachTerm(output, weight, (n, o, i) => output[n, o] += weight[o, i] * input[n, i]);
        ForEach(output, (n, o) => output[n, o] += bias[o]);
        return output;
    }

    /// <summary>gradInput[n, i] = sum over o of weight[o, i] gradOutput[n, o].</summary>
    public static double[,] InputGradient(double[,] gradOutput, double[,] weight)
    {
        var gradInput = new double[gradOutput.GetLength(0), weight.GetLength(1)];
        ForEachTerm(gradOutput, weight, (n, o, i) => gradInput[n, i] += weight[o, i] * gradOutput[n, o]);
        return gradInput;
    }

    /// <summary>gradWeight[o, i] = sum over n of gradOutput[n, o] input[n, i], gradBias[o] = sum over n of gradOutput[n, o].</summary>
    public static (double[,] Weight, double[] Bias) WeightGradient(double[,] input, double[,] gradOutput)
    {
        var weight = new double[gradOutput.GetLength(1), input.GetLength(1)];
        var bias = new double[gradOutput.GetLength(1)];
        ForEachTerm(gradOutput, weight, (n, o, i) => weight[o, i] += gradOutput[n, o] * input[n, i]);
        ForEach(gradOutput, (n, o) => bias[o] += gradOutput[n, o]);
        return (weight, bias);
    }

    private static void ForEachTerm(double[,] output, double[,] weight, Action<int, int, int> visit) => ForEach(output, (n, o) =>
    {
        for (int i = 0; i < weight.GetLength(1); i++)
        {
            visit(n, o, i);
        }
    });

    private static void ForEach(double[,] array, Action<int, int> visit)
    {
        for (int a = 0; a < array.GetLength(0); a++)
        {
            for (int b = 0; b < array.GetLength(1); b++)
            {
                visit(a, b);
            }
        }
    }
}
