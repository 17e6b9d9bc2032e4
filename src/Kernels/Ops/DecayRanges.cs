using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Which parameters an optimizer's weight decay takes, as bounds in device memory: ascending, decay begins at the first, ends in front of the second, begins again at the
/// third, and so on. No bound, no decay.</summary>
/// <remarks>A network's matrices and biases alternate, a few for each layer. A GPU thread looks its place up among them, where a mask would be one more array to read; a worker of the
/// CPU accelerator goes from bound to bound and looks nothing up within.</remarks>
internal readonly struct DecayRanges(ArrayView<int> bounds)
{
    private readonly ArrayView<int> bounds = bounds;

    /// <summary>How many bounds lie at an element or in front of it; the element decays where they are odd.</summary>
    public int Passed(long element)
    {
        int low = 0, high = (int)bounds.Length;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (bounds[middle] <= element)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    /// <summary>The same of an element, given how many it is for the one in front of it.</summary>
    public int Passed(long element, int before)
    {
        while (before < bounds.Length && bounds[before] <= element)
        {
            before++;
        }
        return before;
    }

    /// <summary>The next bound, or the end of all elements.</summary>
    /// <param name="passed">How many bounds are passed.</param>
    /// <param name="end">The number of elements.</param>
    public int Next(int passed, int end) => passed < bounds.Length && bounds[passed] < end ? bounds[passed] : end;
}
