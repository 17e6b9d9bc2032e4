using System.Diagnostics;
using System.Text.Json;

namespace GpuCnn.Benchmarks;

/// <summary>A library that trains and runs one model, as the benchmark sees it. Whatever needs data first loads it.</summary>
internal interface IContestant : IDisposable
{
    /// <summary>Trains for one epoch.</summary>
    /// <param name="onStep">Called after every step, when its loss is on the host.</param>
    /// <returns>Seconds that the steps took.</returns>
    double TrainEpoch(Action onStep);

    /// <summary>Classifies test images and brings the result to the host.</summary>
    /// <param name="first">The first image.</param>
    /// <param name="count">How many, at once.</param>
    void Predict(int first, int count);

    /// <summary>Accuracy and mean loss over all test images.</summary>
    /// <returns>Both.</returns>
    (double Accuracy, double Loss) Evaluate();
}

/// <summary>A worker process: takes commands from standard input, a line each, and answers each with a line of JSON.</summary>
internal static class Worker
{
    /// <summary>Test images of Fashion-MNIST.</summary>
    public const int TestImages = 10_000;

    /// <summary>Images that are classified at once where throughput counts.</summary>
    public const int Batch = 1000;

    /// <summary>Serves until the input ends.</summary>
    /// <param name="contestant">Who is measured.</param>
    public static void Serve(IContestant contestant)
    {
        while (Console.ReadLine() is { } command)
        {
            Console.WriteLine(JsonSerializer.Serialize(Answer(contestant, command)));
        }
    }

    private static Dictionary<string, double> Answer(IContestant contestant, string command) => command switch
    {
        "epoch" => Epoch(contestant),
        "memory" => new() { ["peak_bytes"] = Process.GetCurrentProcess().PeakWorkingSet64 },
        "first-prediction" => FirstPrediction(contestant),
        "latency" => new() { ["seconds"] = Median(300, 2000, call => contestant.Predict(call % TestImages, 1)) },
        "throughput" => new() { ["seconds"] = Median(3, 20, call => contestant.Predict(call * Batch % TestImages, Batch)) },
        "evaluate" => Evaluate(contestant),
        _ => throw new ArgumentException($"no command '{command}'"),
    };

    /// <remarks>Allocation is that of the steps in the middle: the first ones compile, the last has fewer images.</remarks>
    private static Dictionary<string, double> Epoch(IContestant contestant)
    {
        const int from = 10, to = 90;
        int steps = 0;
        double firstStep = 0, allocated = 0;
        double seconds = contestant.TrainEpoch(() =>
        {
            steps++;
            if (steps == 1)
            {
                firstStep = SinceStart();
            }
            else if (steps is from or to)
            {
                allocated = GC.GetTotalAllocatedBytes(true) - allocated;
            }
        });
        return new() { ["seconds"] = seconds, ["first_step_seconds"] = firstStep, ["allocated_bytes_a_step"] = steps >= to ? allocated / (to - from) : 0 };
    }

    private static Dictionary<string, double> FirstPrediction(IContestant contestant)
    {
        contestant.Predict(0, 1);
        return new() { ["seconds"] = SinceStart() };
    }

    private static Dictionary<string, double> Evaluate(IContestant contestant)
    {
        (double accuracy, double loss) = (0, 0);
        double seconds = Median(1, 5, _ => (accuracy, loss) = contestant.Evaluate());
        return new() { ["seconds"] = seconds, ["accuracy"] = accuracy, ["loss"] = loss };
    }

    private static double SinceStart() => (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds;

    /// <summary>The median time of calls that follow others for warming up.</summary>
    private static double Median(int warmUp, int calls, Action<int> run)
    {
        var seconds = new double[calls];
        for (int call = -warmUp; call < calls; call++)
        {
            long start = Stopwatch.GetTimestamp();
            run(call + warmUp);
            if (call >= 0)
            {
                seconds[call] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }
        Array.Sort(seconds);
        return (seconds[(calls - 1) / 2] + seconds[calls / 2]) / 2;
    }
}
