using ILGPU;

namespace GpuCnn;

/// <summary>Where nodes get their memory from, counted for the layer that needs it; without a device it is counted only.</summary>
internal sealed class NodeMemory(Device? device, int layers)
{
    private readonly long[] bytes = new long[layers];

    /// <summary>The device; null where memory is counted only.</summary>
    public Device? Device => device;

    /// <summary>The bytes of each layer so far.</summary>
    public IReadOnlyList<long> Bytes => bytes;

    /// <summary>Allocates memory filled with zeros; null without a device.</summary>
    public unsafe DeviceBuffer<T>? Allocate<T>(LayerNode owner, long length) where T : unmanaged
    {
        bytes[owner.Index] += length * sizeof(T);
        return device?.Allocate<T>(length);
    }

    /// <summary>The elements of a buffer; none where there is no buffer.</summary>
    public static ArrayView<T> ViewOf<T>(DeviceBuffer<T>? buffer) where T : unmanaged => buffer?.View ?? ArrayView<T>.Empty;
}
