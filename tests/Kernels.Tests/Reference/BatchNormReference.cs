namespace GpuCnn.Kernels.Tests;

/// <summary>Batch normalization from its definition, in double, on matrices of rows by channels.</summary>
public static class BatchNormReference
{
    /// <summary>Mean and variance, with the number of rows as divisor, of each column.</summary>
    public static (double[] Mean, double[] Variance) Moments(double[,] input)
    {
        (int rows, int channels) = (input.GetLength(0), input.GetLength(1));
        double[] mean = new double[channels], variance = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            double[] column = [.. Enumerable.Range(0, rows).Select(i => input[i, c])];
            mean[c] = column.Average();
            variance[c] = column.Average(x => (x - mean[c]) * (x - mean[c]));
        }
        return (mean, variance);
    }

    /// <summary>The output with given moments.</summary>
    public static double[,] Forward(double[,] input, double[] weight, double[] bias, double[] mean, double[] variance, double epsilon, bool relu = false)
    {
        var output = new double[input.GetLength(0), input.GetLength(1)];
        for (int i = 0; i < output.GetLength(0); i++)
        {
            for (int c = 0; c < output.GetLength(1); c++)
            {
                double y = ((input[i, c] - mean[c]) / Math.Sqrt(variance[c] + epsilon) * weight[c]) + bias[c];
                output[i, c] = relu && y < 0 ? 0 : y;
            }
        }
        return output;
    }

    /// <summary>The gradients of input, weight and bias of a training step, by the chain rule through mean and variance, one after the other. Moments may be
    /// given, rounded for example, where few rows make that count.</summary>
    public static (double[,] Input, double[] Weight, double[] Bias) Gradients(double[,] input, double[] weight, double[,] gradOutput, double epsilon, double[]? moments = null)
    {
        (int rows, int channels) = (input.GetLength(0), input.GetLength(1));
        (double[] mean, double[] variance) = moments is null ? Moments(input) : (moments[..channels], moments[channels..]);
        var gradInput = new double[rows, channels];
        double[] gradWeight = new double[channels], gradBias = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            double deviation = Math.Sqrt(variance[c] + epsilon), gradVariance = 0, gradMean = 0;
            for (int i = 0; i < rows; i++)
            {
                double centred = input[i, c] - mean[c];
                gradWeight[c] += gradOutput[i, c] * centred / deviation;
                gradBias[c] += gradOutput[i, c];
                gradVariance += gradOutput[i, c] * weight[c] * centred * -0.5 / (deviation * deviation * deviation);
                gradMean -= gradOutput[i, c] * weight[c] / deviation;
            }
            for (int i = 0; i < rows; i++)
            {
                gradInput[i, c] = (gradOutput[i, c] * weight[c] / deviation) + (gradVariance * 2 * (input[i, c] - mean[c]) / rows) + (gradMean / rows);
            }
        }
        return (gradInput, gradWeight, gradBias);
    }

    /// <summary>Gradients where an output of ReLU is positive.</summary>
    public static double[,] Open(double[,] output, double[,] gradOutput)
    {
        var open = (double[,])gradOutput.Clone();
        for (int i = 0; i < open.GetLength(0); i++)
        {
            for (int c = 0; c < open.GetLength(1); c++)
            {
                open[i, c] = output[i, c] > 0 ? open[i, c] : 0;
            }
        }
        return open;
    }
}
