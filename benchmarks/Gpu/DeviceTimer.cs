using System.Diagnostics;
using MathNet.Numerics.Statistics;

namespace GpuCnn.Benchmarks.Gpu;

/// <summary>Seconds that one launch took.</summary>
/// <param name="Median">The median of the samples.</param>
/// <param name="Fastest">The least.</param>
/// <param name="Slowest">The most.</param>
/// <param name="Samples">How many samples.</param>
/// <param name="Times">How often a sample did it before the host waited once.</param>
internal sealed record Timing(double Median, double Fastest, double Slowest, int Samples, int Times);

/// <summary>Times launches on a device: what is launched first compiles and warms up, and no sample starts before the device is idle.</summary>
/// <param name="device">The device.</param>
/// <param name="budget">Seconds for one thing; samples are 20 where they fit into it, else at least 5, or 3 of what takes more than a second.</param>
internal sealed class DeviceTimer(Device device, double budget)
{
    private const int WarmUps = 3, Least = 5, Usual = 20, LeastOfLong = 3;

    /// <summary>Seconds of a launch that takes very long: it is warmed up once and sampled three times.</summary>
    private const double Long = 1;

    /// <summary>A sample lasts at least so long: shorter than that, waiting for the device is most of what is measured.</summary>
    private const double SampleSeconds = 2e-3;

    /// <summary>The device.</summary>
    public Device Device => device;

    /// <summary>Times a launch.</summary>
    /// <param name="launch">Launches, without waiting.</param>
    public Timing Measure(Action launch) => Measure(launch, device.Synchronize);

    /// <summary>Times a launch of somebody else.</summary>
    /// <param name="launch">Launches, without waiting.</param>
    /// <param name="synchronize">Waits.</param>
    public Timing Measure(Action launch, Action synchronize)
    {
        double once = double.PositiveInfinity;
        for (int i = 0; i < WarmUps && !(i > 0 && once > Long); i++)
        {
            once = Math.Min(once, Sample(launch, synchronize, 1));
        }
        int launches = (int)Math.Clamp(SampleSeconds / once, 1, 1000);
        if (launches > 1)
        {
            once = Sample(launch, synchronize, launches);
            launches = (int)Math.Clamp(SampleSeconds / once, 1, 1000);
        }
        int samples = once > Long ? LeastOfLong : (int)Math.Clamp(budget / (once * launches), Least, Usual);
        double[] seconds = [.. Enumerable.Range(0, samples).Select(_ => Sample(launch, synchronize, launches))];
        return new Timing(seconds.Median(), seconds.Min(), seconds.Max(), samples, launches);
    }

    private static double Sample(Action launch, Action synchronize, int launches)
    {
        synchronize();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < launches; i++)
        {
            launch();
        }
        synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / launches;
    }
}
