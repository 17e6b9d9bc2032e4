namespace GpuCnn;

/// <summary>What a training does when a number becomes NaN or infinite.</summary>
public enum NonFinitePolicy
{
    /// <summary>It stops.</summary>
    Stop,

    /// <summary>It goes back to the last state that was captured, the start of the epoch or a checkpoint, and on from there with half the learning rate.</summary>
    Rollback,
}

/// <summary>The names of policies.</summary>
internal static class NonFinitePolicies
{
    /// <summary>The names, as <c>--on-nan</c> takes them.</summary>
    public static OptionNames<NonFinitePolicy> Names { get; } = new("stop", "rollback");
}
