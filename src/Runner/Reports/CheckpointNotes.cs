namespace GpuCnn.Runner.Reports;

/// <summary>What a checkpoint tells beside the state: where it comes from.</summary>
internal static class CheckpointNotes
{
    public const string TrainFingerprint = "train_fingerprint", TestFingerprint = "test_fingerprint";

    /// <summary>The notes of a run's checkpoints.</summary>
    /// <param name="args">The run's options.</param>
    public static IReadOnlyDictionary<string, string> Of(ArgsDocument args) => new Dictionary<string, string>
    {
        ["program"] = args.Version,
        ["model"] = args.Model,
        ["accelerator"] = $"{args.Accelerator}, {args.AcceleratorName}",
        [TrainFingerprint] = args.TrainFingerprint ?? "",
        [TestFingerprint] = args.TestFingerprint ?? "",
    };
}
