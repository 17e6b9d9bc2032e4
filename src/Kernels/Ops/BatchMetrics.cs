using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>A batch's mean loss and its number of correct classes, written to the batch's place in the epoch's tables, so that the host reads once an epoch.</summary>
/// <remarks>losses [N], classes [N], labels [N]; meanLosses[batchIndex] and correct[batchIndex] overwritten. Sums have a fixed order.</remarks>
internal readonly struct BatchMetrics : IOp
{
    private readonly ArrayView<float> losses, meanLosses;
    private readonly ArrayView<int> classes, labels, correct;
    private readonly int batch, index;

    private BatchMetrics(ArrayView<float> losses, ArrayView<int> classes, ArrayView<int> labels, ArrayView<float> meanLosses, ArrayView<int> correct, int batch, int index)
    {
        this.losses = losses;
        this.classes = classes;
        this.labels = labels;
        this.meanLosses = meanLosses;
        this.correct = correct;
        this.batch = batch;
        this.index = index;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="losses">[batch].</param>
    /// <param name="classes">[batch].</param>
    /// <param name="labels">[batch].</param>
    /// <param name="meanLosses">One place for each batch of the epoch.</param>
    /// <param name="correct">One place for each batch of the epoch.</param>
    /// <param name="batch">N.</param>
    /// <param name="index">The batch's place.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> losses, ArrayView<int> classes, ArrayView<int> labels, ArrayView<float> meanLosses, ArrayView<int> correct, int batch, int index)
    {
        Require.Positive(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        Require.Length(losses, batch);
        Require.Length(classes, batch);
        Require.Length(labels, batch);
        Require.Length(meanLosses, index + 1L);
        Require.Length(correct, index + 1L);
        device.Run(new BatchMetrics(losses, classes, labels, meanLosses, correct, batch, index));
    }

    KernelConfig IOp.GpuShape => (1, GroupSum.Threads);

    /// <remarks>One group: each thread adds every 256th element, then a tree adds those sums.</remarks>
    void IOp.Gpu()
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(GroupSum.Threads);
        ArrayView<int> counts = SharedMemory.Allocate<int>(GroupSum.Threads);
        float sum = 0f;
        int count = 0;
        for (int i = Group.IdxX; i < batch; i += GroupSum.Threads)
        {
            sum += losses[i];
            count += classes[i] == labels[i] ? 1 : 0;
        }
        sum = GroupSum.Of(sums, sum, GroupSum.Threads);
        count = GroupSum.Of(counts, count, GroupSum.Threads);
        if (Group.IdxX == 0)
        {
            meanLosses[index] = sum / batch;
            correct[index] = count;
        }
    }

    void IOp.Cpu(in CpuWorker worker)
    {
        if (worker.Index != 0)
        {
            return;
        }
        double sum = 0;
        int count = 0;
        for (int i = 0; i < batch; i++)
        {
            sum += losses[i];
            count += classes[i] == labels[i] ? 1 : 0;
        }
        meanLosses[index] = (float)(sum / batch);
        correct[index] = count;
    }
}
