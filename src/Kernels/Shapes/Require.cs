using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Checks of operands on the host, before a launch.</summary>
internal static class Require
{
    /// <summary>The view must hold what the shapes say; it may hold more, where a buffer serves several batch sizes.</summary>
    /// <exception cref="ArgumentException">It is shorter.</exception>
    public static void Length<T>(ArrayView<T> view, long needed, [CallerArgumentExpression(nameof(view))] string name = "") where T : unmanaged
    {
        if (view.Length < needed)
        {
            throw new ArgumentException($"{name} has {view.Length} elements, the shapes need {needed}", name);
        }
    }

    /// <summary>A count must be at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public static void Positive(int value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value, name);

    /// <summary>A share must leave something.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is outside [0, 1).</exception>
    public static double Rate(double rate, [CallerArgumentExpression(nameof(rate))] string name = "") =>
        rate is >= 0 and < 1 ? rate : throw new ArgumentOutOfRangeException(name, rate, "it must lie in [0, 1)");
}
