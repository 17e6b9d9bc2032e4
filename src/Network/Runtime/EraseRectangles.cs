namespace GpuCnn;

/// <summary>The rectangles that random erasing chooses from.</summary>
/// <remarks>Z. Zhong, L. Zheng, G. Kang, S. Li, Y. Yang, "Random Erasing Data Augmentation", AAAI 2020, with the bounds that PyTorch's RandomErasing has. It draws area
/// and logarithm of the aspect until a rectangle fits, ten times at most. Here the host takes the middles of a fine grid of both, so that a device chooses by one integer
/// and no accelerator rounds a root otherwise than another.</remarks>
internal static class EraseRectangles
{
    /// <summary>Parts of the image's area.</summary>
    public const double LeastArea = 0.02, MostArea = 0.33;

    /// <summary>Height over width.</summary>
    public const double LeastAspect = 0.3, MostAspect = 3.3;

    /// <summary>How often a rectangle that does not fit is drawn again, the first time counted.</summary>
    public const int Attempts = 10;

    private const int Steps = 128;

    /// <summary>The rectangles that fit, each as likely as the others.</summary>
    /// <param name="height">The image's height, in pixels.</param>
    /// <param name="width">Its width.</param>
    /// <returns>Rows and columns of each, one behind the other, and the probability that one that fits is found.</returns>
    public static (int[] Sizes, double Found) For(int height, int width)
    {
        var sizes = new List<int>(2 * Steps * Steps);
        double area = (double)height * width, leastLog = Math.Log(LeastAspect), mostLog = Math.Log(MostAspect);
        for (int i = 0; i < Steps; i++)
        {
            double erased = area * (LeastArea + ((MostArea - LeastArea) * (i + 0.5) / Steps));
            for (int j = 0; j < Steps; j++)
            {
                double aspect = Math.Exp(leastLog + ((mostLog - leastLog) * (j + 0.5) / Steps));
                int rows = (int)Math.Round(Math.Sqrt(erased * aspect)), columns = (int)Math.Round(Math.Sqrt(erased / aspect));
                if (rows < height && columns < width)
                {
                    sizes.Add(rows);
                    sizes.Add(columns);
                }
            }
        }
        return ([.. sizes], 1 - Math.Pow(1 - (sizes.Count / 2.0 / (Steps * Steps)), Attempts));
    }
}
