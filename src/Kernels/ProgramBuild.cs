using ILGPU.Runtime.OpenCL;

namespace GpuCnn.Kernels;

/// <summary>Builds of OpenCL programs that fail are tried again: PoCL, asked by a process that does much at once, has refused for most of a second all that it built before and afterwards.</summary>
internal static class ProgramBuild
{
    /// <summary>Waits between two tries, in milliseconds; a driver that really takes no program is found out within two seconds.</summary>
    private static readonly int[] Pauses = [50, 200, 500, 1000];

    /// <summary>The most tries.</summary>
    public static int Tries => Pauses.Length + 1;

    /// <summary>Whether a failure may pass.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="tries">The tries so far.</param>
    public static bool MayPass(CLException exception, int tries) => exception.Error == CLError.CL_BUILD_PROGRAM_FAILURE && tries < Tries;

    /// <summary>Waits before the next try.</summary>
    /// <param name="tries">The tries so far.</param>
    public static void Wait(int tries) => Thread.Sleep(Pauses[tries - 1]);
}
