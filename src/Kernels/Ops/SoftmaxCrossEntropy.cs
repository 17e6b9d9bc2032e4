using ILGPU;
using ILGPU.Algorithms;

namespace GpuCnn.Kernels;

/// <summary>Softmax and cross-entropy of each row of logits, the gradient of their mean over the batch, and the class with the largest logit.</summary>
/// <remarks>logits [N, C], labels [N], losses [N], classes [N] (the lowest index among equals), gradLogits [N, C]; all results overwritten. The row's maximum is
/// subtracted before the exponential, so that no finite logit overflows. With label smoothing s, the target is 1 - s + s/C for the label and s/C for every other class, as PyTorch has it
/// (Szegedy and others, "Rethinking the Inception architecture for computer vision", 2016); the loss is then its cross-entropy.</remarks>
internal readonly struct SoftmaxCrossEntropy : IOp
{
    /// <summary>Classes up to which a GPU gives a row to one thread: a row is then at most a cache line of 128 bytes, and a warp's rows stay in the first-level cache from one
    /// pass over them to the next.</summary>
    private const int Narrow = 32;

    /// <summary>Classes of a thread, at most, where a row has several: neighbouring threads then read neighbouring logits.</summary>
    private const int Share = 8;

    private readonly ArrayView<float> logits, losses, gradLogits;
    private readonly ArrayView<int> labels, classes;
    private readonly int batch, count, lanes;
    private readonly float gradientScale, onLabel, onEach;

    private SoftmaxCrossEntropy(ArrayView<float> logits, ArrayView<int> labels, ArrayView<float> losses, ArrayView<int> classes, ArrayView<float> gradLogits, int batch, int count, double smoothing)
    {
        this.logits = logits;
        this.labels = labels;
        this.losses = losses;
        this.classes = classes;
        this.gradLogits = gradLogits;
        this.batch = batch;
        this.count = count;
        gradientScale = 1f / batch;
        onLabel = (float)(1 - smoothing);
        onEach = (float)(smoothing / count);
        lanes = count > Narrow ? Narrow : 1;
        while (count > lanes * Share && lanes > 1 && lanes < GroupSum.Threads)
        {
            lanes *= 2;
        }
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
    /// <param name="smoothing">The share of the target that all classes have in equal parts, from 0 up to but not including 1.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, or the share is out of range.</exception>
    public static void Run(Device device, ArrayView<float> logits, ArrayView<int> labels, ArrayView<float> losses, ArrayView<int> classes, ArrayView<float> gradLogits, int batch, int count,
        double smoothing = 0)
    {
        Require.Rate(smoothing);
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
        device.Run(new SoftmaxCrossEntropy(logits, labels, losses, classes, gradLogits, batch, count, smoothing));
    }

    KernelConfig IOp.GpuShape => (((batch - 1) / (GroupSum.Threads / lanes)) + 1, GroupSum.Threads);

    /// <remarks>As <see cref="One"/>, but where a row has several threads, each takes every so many classes, and trees find the maximum and the sum.</remarks>
    void IOp.Gpu()
    {
        ArrayView<float> room = SharedMemory.Allocate<float>(GroupSum.Threads);
        ArrayView<int> places = SharedMemory.Allocate<int>(GroupSum.Threads);
        int thread = Group.IdxX, lane = thread & (lanes - 1), row = (Grid.IdxX * (GroupSum.Threads / lanes)) + (thread / lanes);
        // Threads without a row come along to the barriers.
        int end = row < batch ? count : 0;
        long first = (long)row * count;
        float max = float.NegativeInfinity;
        int best = count;
        for (int j = lane; j < end; j += lanes)
        {
            float x = logits[first + j];
            // ILGPU 1.5.3 compiles "greater" to a jump over "less or equal or NaN", whose "or NaN" is lost in OpenCL C.
            if (x > max && !float.IsNaN(x))
            {
                max = x;
                best = j;
            }
        }
        room[thread] = max;
        places[thread] = best;
        for (int half = lanes >> 1; half > 0; half >>= 1)
        {
            Group.Barrier();
            if (lane < half && (room[thread + half] > max || (room[thread + half] == max && places[thread + half] < best)))
            {
                room[thread] = max = room[thread + half];
                places[thread] = best = places[thread + half];
            }
        }
        Group.Barrier();
        max = room[thread - lane];
        best = places[thread - lane];
        Group.Barrier();
        float sum = 0f, all = 0f;
        for (int j = lane; j < end; j += lanes)
        {
            float difference = logits[first + j] - max;
            sum += XMath.Exp(difference);
            all += difference;
        }
        sum = GroupSum.Of(room, sum, lanes);
        // Without smoothing nobody needs it, but a barrier that not all launches come to is more than some drivers can take.
        all = GroupSum.Of(room, all, lanes);
        if (end == 0)
        {
            return;
        }
        int label = labels[row];
        if (lane == 0)
        {
            losses[row] = Loss(sum, logits[first + label] - max, all);
            // NaN is never the larger of two: one in front stays, and in a row of nothing larger than negative infinity the first does.
            classes[row] = best == count || float.IsNaN(logits[first]) ? 0 : best;
        }
        if (gradLogits.Length > 0)
        {
            for (int j = lane; j < end; j += lanes)
            {
                gradLogits[first + j] = Gradient(logits[first + j] - max, sum, j == label);
            }
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

    /// <param name="difference">The logit without the row's maximum.</param>
    /// <param name="sum">The row's sum of exponentials.</param>
    /// <param name="isLabel">Whether the image is of this class.</param>
    private float Gradient(float difference, float sum, bool isLabel) => ((XMath.Exp(difference) / sum) - (isLabel ? onLabel + onEach : onEach)) * gradientScale;

    /// <param name="sum">The row's sum of exponentials.</param>
    /// <param name="ofLabel">The label's logit without the row's maximum.</param>
    /// <param name="all">The sum of all logits without it.</param>
    private float Loss(float sum, float ofLabel, float all) => onEach == 0f ? XMath.Log(sum) - ofLabel : XMath.Log(sum) - ((onLabel * ofLabel) + (onEach * all));

    private float Differences(long first, float max)
    {
        float sum = 0f;
        for (int j = 0; j < count; j++)
        {
            sum += logits[first + j] - max;
        }
        return sum;
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
        losses[row] = Loss(sum, logits[first + label] - max, onEach == 0f ? 0f : Differences(first, max));
        classes[row] = best;
        if (gradLogits.Length == 0)
        {
            return;
        }
        for (int j = 0; j < count; j++)
        {
            gradLogits[first + j] = Gradient(logits[first + j] - max, sum, j == label);
        }
    }
}
