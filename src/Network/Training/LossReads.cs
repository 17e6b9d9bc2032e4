using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Brings the losses of an epoch's steps to the host. On a GPU it reads those of a few steps while the device does the next few, so that the device always has steps to
/// do; on the CPU accelerator, where looking costs nothing, it looks at every step.</summary>
internal sealed class LossReads(Device device, MetricTables tables) : IDisposable
{
    /// <summary>Steps whose losses are read together on a GPU. The host is at most twice as many ahead, so that a stop is not far away.</summary>
    public const int StepsARead = 4;

    private readonly DelayedRead<float>[] reads =
        device.Info.Kind == AcceleratorKind.Cpu ? [] : [device.PrepareRead<float>(StepsARead), device.PrepareRead<float>(StepsARead)];

    /// <summary>The losses that are known once a step is launched: of steps of the epoch, from the first that was not seen.</summary>
    /// <param name="steps">Steps of the epoch launched.</param>
    /// <param name="seen">Those of which the losses were given.</param>
    public ReadOnlySpan<float> Next(int steps, int seen)
    {
        if (reads.Length == 0)
        {
            return All(steps, seen);
        }
        if (steps % StepsARead != 0)
        {
            return [];
        }
        int number = steps / StepsARead, first = steps - StepsARead;
        DelayedRead<float> last = reads[number % 2], before = reads[(number + 1) % 2];
        if (last.IsPending)
        {
            // Left over from an epoch that has ended, or overtaken by a checkpoint.
            last.Wait();
        }
        last.Start(tables.MeanLosses.View.SubView(first, StepsARead));
        return seen < first ? before.Wait()[(seen - (first - StepsARead))..] : [];
    }

    /// <summary>Waits for the device; the losses of all steps launched that were not seen.</summary>
    public ReadOnlySpan<float> All(int steps, int seen) => seen < steps ? tables.ReadLosses(steps)[seen..] : [];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DelayedRead<float> read in reads)
        {
            read.Dispose();
        }
    }
}
