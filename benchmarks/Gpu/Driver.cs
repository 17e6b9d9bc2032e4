using ILGPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuCnn.Benchmarks.Gpu;

/// <summary>Which driver a device has.</summary>
internal static class Driver
{
    /// <summary>What ILGPU's description of the device says of versions.</summary>
    public static string Of(AcceleratorInfo info)
    {
        using Context context = Context.Create(builder => _ = info.Kind == AcceleratorKind.Cuda ? builder.Cuda() : builder.OpenCL(_ => true));
        IEnumerable<ILGPU.Runtime.Device> devices = info.Kind == AcceleratorKind.Cuda ? [.. context.GetCudaDevices()] : [.. context.GetCLDevices()];
        using var text = new StringWriter();
        devices.First(device => device.Name == info.Name).PrintInformation(text);
        IEnumerable<string> versions = text.ToString().Split('\n').Where(line => line.Contains("driver version:", StringComparison.OrdinalIgnoreCase) || line.Contains("device version:", StringComparison.OrdinalIgnoreCase));
        return string.Join("; ", versions.Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))));
    }
}
