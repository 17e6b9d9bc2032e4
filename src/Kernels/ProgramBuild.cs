using ILGPU.Runtime.OpenCL;

namespace GpuCnn.Kernels;

/// <summary>Builds of OpenCL programs that fail are tried again: PoCL, asked by a process that does much at once, has refused for most of a second all that it built before and afterwards.</summary>
internal static class ProgramBuild
{
    /// <summary>Waits between two tries, in milliseconds; a driver that really takes no program is found out within two seconds.</summary>
    private static readonly int[] Pauses = [50, 200, 500, 1000];

    /// <summary>Does what builds programs.</summary>
    /// <typeparam name="T">What comes of it.</typeparam>
    /// <param name="build">Builds.</param>
    /// <exception cref="CLException">No try succeeded, or it failed otherwise.</exception>
    public static T Run<T>(Func<T> build)
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                return build();
            }
            catch (CLException exception) when (exception.Error == CLError.CL_BUILD_PROGRAM_FAILURE && tries < Pauses.Length)
            {
                Thread.Sleep(Pauses[tries]);
            }
        }
    }
}
