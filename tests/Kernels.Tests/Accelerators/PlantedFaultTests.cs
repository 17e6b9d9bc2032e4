using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>A race and reads and writes outside of memory, for the check that looks for such things: run under it, both must be reported, or it sees nothing. Run only when asked for.</summary>
public sealed class PlantedFaultTests
{
    private const int Count = 256;

    [Fact(Explicit = true)]
    public void A_neighbours_element_of_shared_memory_is_read_without_a_barrier() => Run((x, y) => TestDevices.OpenCL().Run(new Racing(x, y)));

    [Fact(Explicit = true)]
    public void The_element_behind_the_last_is_read() => Run((x, y) => TestDevices.OpenCL().Run(new ReadingBehind(x, y)));

    [Fact(Explicit = true)]
    public void The_element_behind_the_last_is_written() => Run((x, y) => TestDevices.OpenCL().Run(new WritingBehind(x, y)));

    private static void Run(Action<ArrayView<float>, ArrayView<float>> launch)
    {
        Device device = TestDevices.OpenCL();
        using DeviceBuffer<float> x = device.Allocate<float>(Count), y = device.Allocate<float>(Count);
        launch(x.View, y.View);
        device.Synchronize();
    }

    internal readonly struct Racing(ArrayView<float> x, ArrayView<float> y) : IOp
    {
        public KernelConfig GpuShape => (1, Count);

        public void Gpu()
        {
            ArrayView<float> shared = SharedMemory.Allocate<float>(Count);
            shared[Group.IdxX] = x[Group.IdxX];
            y[Group.IdxX] = shared[(Group.IdxX + 1) % Count];
        }

        public void Cpu(in CpuWorker worker) => throw new NotSupportedException();
    }

    internal readonly struct ReadingBehind(ArrayView<float> x, ArrayView<float> y) : IOp
    {
        public KernelConfig GpuShape => (1, Count);

        public void Gpu() => y[Group.IdxX] = x[Group.IdxX + 1];

        public void Cpu(in CpuWorker worker) => throw new NotSupportedException();
    }

    internal readonly struct WritingBehind(ArrayView<float> x, ArrayView<float> y) : IOp
    {
        public KernelConfig GpuShape => (1, Count);

        public void Gpu() => y[Group.IdxX + 1] = x[Group.IdxX];

        public void Cpu(in CpuWorker worker) => throw new NotSupportedException();
    }
}
