namespace GpuCnn.Runner.Reports;

/// <summary>Names of the files of a run folder that more than one class knows.</summary>
internal static class RunFiles
{
    public const string Args = "args.json";

    public const string Model = "model.json";

    public const string State = "state.json";

    public const string Seeds = "seeds.json";

    public const string Lock = "lock";

    public const string Checkpoints = "checkpoint";

    public const string Results = "results.csv";

    public const string Steps = "steps.csv";

    public const string Curves = "results.png";
}
