namespace GpuCnn;

/// <summary>A device failed while running: out of memory, lost, its driver too old. The message is one line that names the device and what helps.</summary>
public sealed class DeviceException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="device">The device.</param>
    /// <param name="problem">What happened and what would help.</param>
    /// <param name="innerException">What the runtime said.</param>
    public DeviceException(AcceleratorInfo device, string problem, Exception innerException) : base($"{device.Id} ({device.Name}): {problem}", innerException)
    {
    }
}
