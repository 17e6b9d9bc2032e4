using ILGPU;
using ILGPU.Algorithms;

namespace GpuCnn.Kernels;

/// <summary>Softmax and cross-entropy of each row of logits, the gradient of their mean over the batch, and the class with the largest logit.</summary>
/// <remarks>logits [N, C], labels [N], losses [N], classes [N] (the lowest index among equals), gradLogits [N, C]; all results overwritten. The row's maximum is
/// subtracted before the exponential, so that no finite logit overflows.</remarks>
public readonly struct SoftmaxCrossEntropy : IOp
{
    private readonly ArrayView<float> logits, losses, gradLogits;
    private readonly ArrayView<int> labels, classes;
    private readonly int batch, count;

    private SoftmaxCrossEntropy(ArrayView<float> logits, ArrayView<int> labels, ArrayView<float> losses, ArrayView<int> classes, ArrayView<float> gradLogits, int batch, int count)
    {
        this.logits = logits;
        this.labels = labels;
        this.losses = losses;
        this.classes = classes;
        this.gradLogits = gradLogits;
        this.batch = batch;
        this.count = count;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="logits">[batch, count].</param>
    /// <param name="labels">[batch], each 0 to count - 1.</param>
    /// <param name="losses">[batch].</param>
    /// <param name="classes">[batch].</param>
    /// <param name="gradLogits">[batch, count], or empty when no gradient is wanted.</param>
    /// <param name="batch">N.</param>
    /// <param name="count">The number of classes.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> logits, ArrayView<int> labels, ArrayView<float> losses, ArrayView<int> classes, ArrayView<float> gradLogits, int batch, int count)
    {
        Require.Positive(batch);
        Require.Positive(count);
        Require.Length(logits, (long)batch * count);
        Require.Length(labels, batch);
        Require.Length(losses, batch);
        Require.Length(classes, batch);
        if (gradLogits.Length > 0)
        {
            Require.Length(gradLogits, (long)batch * count);
        }
        device.Run(new SoftmaxCrossEntropy(logits, labels, losses, classes, gradLogits, batch, count));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(batch);

    void IOp.Gpu()
    {
        int row = Grid.GlobalIndex.X;
        if (row < batch)
        {
            One(row);
        }
    }

    void IOp.Cpu(in CpuWorker worker)
    {
        (int from, int to) = worker.Share(batch, CpuWorker.Line);
        for (int row = from; row < to; row++)
        {
            One(row);
        }
    }

    private void One(int row)
    {
        long first = (long)row * count;
        float max = logits[first];
        int best = 0;
        for (int j = 1; j < count; j++)
        {
            float x = logits[first + j];
            if (x > max)
            {
                max = x;
                best = j;
            }
        }
        float sum = 0f;
        for (int j = 0; j < count; j++)
        {
            sum += XMath.Exp(logits[first + j] - max);
        }
        int label = labels[row];
        losses[row] = XMath.Log(sum) - (logits[first + label] - max);
        classes[row] = best;
        if (gradLogits.Length == 0)
        {
            return;
        }
        float scale = 1f / batch;
        for (int j = 0; j < count; j++)
        {
            float probability = XMath.Exp(logits[first + j] - max) / sum;
            gradLogits[first + j] = (probability - (j == label ? 1f : 0f)) * scale;
        }
    }
}
