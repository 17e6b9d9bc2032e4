namespace GpuCnn.Kernels;

/// <summary>What a device was asked for when it failed.</summary>
internal enum DeviceActivity
{
    /// <summary>To start.</summary>
    Open,

    /// <summary>Memory.</summary>
    Allocate,

    /// <summary>Compiling an operation and handing it to the driver.</summary>
    Load,

    /// <summary>Starting an operation.</summary>
    Launch,

    /// <summary>Moving data, which also waits for what was launched.</summary>
    Copy,

    /// <summary>Waiting for what was launched.</summary>
    Wait,
}
