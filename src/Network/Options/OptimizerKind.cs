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
    /// <summary>The names, as <c>--optimizer</c> takes them.</summary>
    public static OptionNames<OptimizerKind> Names { get; } = new("adam", "adamw", "sgd");
}
