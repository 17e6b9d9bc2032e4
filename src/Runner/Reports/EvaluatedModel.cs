namespace GpuCnn.Runner.Reports;

/// <summary>An evaluation with what its files show beside the figures.</summary>
/// <param name="Result">The figures, made by <see cref="Evaluation.Run"/>.</param>
/// <param name="Images">The images it is of.</param>
/// <param name="Title">What was evaluated, in a few words.</param>
/// <param name="Run">The training that the weights are from.</param>
internal sealed record EvaluatedModel(EvaluationResult Result, ImageSet Images, string Title, RunNotes Run)
{
    /// <summary>The figures as programs read them.</summary>
    public EvaluationDocument Document { get; } = EvaluationDocument.Of(Result);

    /// <summary>The classes' names.</summary>
    public IReadOnlyList<string> ClassNames { get; } = [.. Result.Classes.Select(row => row.Name)];
}
