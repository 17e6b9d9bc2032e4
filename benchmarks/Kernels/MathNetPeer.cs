using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Single;

namespace GpuCnn.Benchmarks.Operations;

/// <summary>The matrix product of a dense layer's operation by MathNet.Numerics' managed provider.</summary>
/// <remarks>Its matrices are column by column: ours, row by row, are their transposes, and are multiplied in the other order without a copy.</remarks>
internal sealed class MathNetPeer
{
    private readonly DenseCase one;
    private readonly Matrix<float> left, right, result;

    /// <summary>Takes the case's operands.</summary>
    public MathNetPeer(DenseCase one)
    {
        this.one = one;
        int n = one.Batch, k = one.Inputs, f = one.Units;
        (left, right, result) = one switch
        {
            DenseForwardCase c => (Weight(c.Parameters), Matrix(k, n, c.Input.Host), Matrix(f, n, new float[f * n])),
            DenseInputGradientCase c => (Weight(c.Parameters), Matrix(f, n, c.GradOutput.Host), Matrix(k, n, new float[k * n])),
            DenseWeightGradientCase c => (Matrix(f, n, c.GradOutput.Host), Matrix(k, n, c.Input.Host), Matrix(f, k, new float[f * k])),
            _ => throw new ArgumentException($"{one.Op} is no product"),
        };
        Matrix<float> Weight(Operand<float> parameters) => Matrix(f, k, parameters.Host[..(k * f)]);
    }

    private static Matrix<float> Matrix(int rows, int columns, float[] values) => new DenseMatrix(rows, columns, values);

    /// <summary>Multiplies.</summary>
    public void Run()
    {
        switch (one)
        {
            case DenseForwardCase:
                left.Multiply(right, result);
                break;
            case DenseInputGradientCase:
                left.TransposeThisAndMultiply(right, result);
                break;
            default:
                left.TransposeAndMultiply(right, result);
                break;
        }
    }

    /// <summary>Compares with the textbook's, adding what the product leaves out.</summary>
    public IEnumerable<string?> Differences()
    {
        float[] values = result.AsColumnMajorArray();
        int bias = one.Inputs * one.Units;
        switch (one)
        {
            case DenseForwardCase forward:
                float[] finished = [.. values.Select((value, i) => value + forward.Parameters.Host[bias + (i % one.Units)])];
                yield return forward.Output.Difference(forward.HasRelu ? [.. finished.Select(value => Math.Max(0f, value))] : finished);
                break;
            case DenseInputGradientCase input:
                yield return input.GradInput.Difference(values);
                break;
            case DenseWeightGradientCase weight:
                yield return weight.GradParameters.Difference([.. values, .. weight.GradParameters.Host[bias..]]);
                break;
        }
    }
}
