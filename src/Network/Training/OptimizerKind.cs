namespace GpuCnn;

/// <summary>The rule by which weights change.</summary>
public enum OptimizerKind
{
    /// <summary>Adam (Kingma and Ba, 2015), with ε 1e-7.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, 2019): at each step weights shrink by the learning rate times the decay, whatever their gradients are.</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum 0.9; weight decay is part of the gradient.</summary>
    SgdMomentum,
}

/// <summary>The names of optimizers.</summary>
public static class OptimizerKinds
{
    private const string Flag = "--optimizer";

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["adam", "adamw", "sgd"];

    /// <summary>An optimizer's name.</summary>
    /// <param name="optimizer">The optimizer.</param>
    public static string NameOf(OptimizerKind optimizer) => Names[(int)optimizer];

    /// <summary>The optimizer of a name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="OptionException">There is none of that name.</exception>
    public static OptimizerKind Parse(string name)
    {
        int index = Names.ToList().IndexOf(name);
        return index >= 0 ? (OptimizerKind)index
            : throw new OptionException(Flag, $"'{PlainText.Beginning(name, LearningRateSchedule.LongestText)}' is not allowed: give {string.Join(", ", Names.SkipLast(1))} or {Names[^1]}");
    }
}
