using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Reports;

/// <summary>What <c>watch</c> follows: a run, or runs of several seeds.</summary>
internal interface IFollowed
{
    /// <summary>The run that is under way, or was the last to be.</summary>
    RunReader Run { get; }

    /// <summary>How the whole stands, its process looked for.</summary>
    string Status { get; }

    /// <summary>Reads what came since the last call.</summary>
    /// <param name="view">Told of what came to the run that was under way.</param>
    void Read(ITrainingView? view);
}
