using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks;

/// <summary>Softmax, cross-entropy, its gradient and the predicted classes.</summary>
internal sealed class SoftmaxCrossEntropyCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    public SoftmaxCrossEntropyCase(int classes, int batch) : base(nameof(SoftmaxCrossEntropy), $"{classes}", batch)
    {
        Count = classes;
        Logits = Read("logits", batch * classes);
        Labels = Read("labels", batch, Numbers.Below<int>(classes));
        Losses = Write<float>("losses", batch);
        Classes = Write<int>("classes", batch);
        GradLogits = Write<float>("gradLogits", batch * classes);
    }

    /// <summary>The number of classes.</summary>
    public int Count { get; }

    /// <summary>[N, classes].</summary>
    public Operand<float> Logits { get; }

    /// <summary>[N].</summary>
    public Operand<int> Labels { get; }

    /// <summary>[N].</summary>
    public Operand<float> Losses { get; }

    /// <summary>[N].</summary>
    public Operand<int> Classes { get; }

    /// <summary>[N, classes].</summary>
    public Operand<float> GradLogits { get; }

    /// <summary>A comparison, two exponentials of a difference, a sum, a division, two more of the gradient, for each logit; an exponential counts one.</summary>
    public override double Flops => 9.0 * Logits.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int n = 0; n < Batch; n++)
        {
            float max = float.NegativeInfinity, sum = 0f;
            for (int c = 0; c < Count; c++)
            {
                if (Logits.Host[(n * Count) + c] > max)
                {
                    max = Logits.Host[(n * Count) + c];
                    Classes.Host[n] = c;
                }
            }
            for (int c = 0; c < Count; c++)
            {
                sum += MathF.Exp(Logits.Host[(n * Count) + c] - max);
            }
            int label = Labels.Host[n];
            Losses.Host[n] = MathF.Log(sum) - (Logits.Host[(n * Count) + label] - max);
            for (int c = 0; c < Count; c++)
            {
                GradLogits.Host[(n * Count) + c] = ((MathF.Exp(Logits.Host[(n * Count) + c] - max) / sum) - (c == label ? 1f : 0f)) / Batch;
            }
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => SoftmaxCrossEntropy.Run(on, Logits.View, Labels.View, Losses.View, Classes.View, GradLogits.View, Batch, Count);
}

/// <summary>A batch's mean loss and hits.</summary>
internal sealed class BatchMetricsCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    public BatchMetricsCase(int batch) : base(nameof(BatchMetrics), "1", batch)
    {
        Losses = Read<float>("losses", batch, Numbers.Activations);
        Classes = Read("classes", batch, Numbers.Below<int>(10));
        Labels = Read("labels", batch, Numbers.Below<int>(7));
        MeanLoss = Write<float>("meanLoss", 1);
        Correct = Write<int>("correct", 1);
    }

    /// <summary>[N].</summary>
    public Operand<float> Losses { get; }

    /// <summary>[N].</summary>
    public Operand<int> Classes { get; }

    /// <summary>[N].</summary>
    public Operand<int> Labels { get; }

    /// <summary>[1].</summary>
    public Operand<float> MeanLoss { get; }

    /// <summary>[1].</summary>
    public Operand<int> Correct { get; }

    /// <inheritdoc/>
    public override double Flops => 2.0 * Batch;

    /// <inheritdoc/>
    public override void Naive()
    {
        float sum = 0f;
        Correct.Host[0] = 0;
        for (int n = 0; n < Batch; n++)
        {
            sum += Losses.Host[n];
            Correct.Host[0] += Classes.Host[n] == Labels.Host[n] ? 1 : 0;
        }
        MeanLoss.Host[0] = sum / Batch;
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => BatchMetrics.Run(on, Losses.View, Classes.View, Labels.View, MeanLoss.View, Correct.View, Batch, 0);
}

/// <summary>Partial sums added up, as behind a convolution's weight gradient.</summary>
internal sealed class SumRowsCase : KernelCase
{
    /// <summary>Creates the case.</summary>
    public SumRowsCase(int columns, int batch) : base(nameof(SumRows), $"{columns}", batch)
    {
        Rows = Conv2dWeightGradient.Chunks(batch);
        Columns = columns;
        Input = Read("input", Rows * columns);
        Output = Write<float>("output", columns);
    }

    /// <summary>Partial sums that the batch gives.</summary>
    public int Rows { get; }

    /// <summary>Sums.</summary>
    public int Columns { get; }

    /// <summary>[rows, columns].</summary>
    public Operand<float> Input { get; }

    /// <summary>[columns].</summary>
    public Operand<float> Output { get; }

    /// <inheritdoc/>
    public override double Flops => (Rows - 1.0) * Columns;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int i = 0; i < Columns; i++)
        {
            float sum = 0f;
            for (int row = 0; row < Rows; row++)
            {
                sum += Input.Host[(row * Columns) + i];
            }
            Output.Host[i] = sum;
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => SumRows.Run(on, Input.View, Output.View, Rows, Columns);
}

/// <summary>A step of Adam over all parameters of a model.</summary>
internal sealed class AdamCase : KernelCase
{
    private const float Rate = 1e-3f, Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-7f;

    /// <summary>Creates the case.</summary>
    public AdamCase(int count) : base(nameof(Adam), $"{count}", 1)
    {
        Parameters = Update("parameters", count, Numbers.Uniform);
        Gradients = Read("gradients", count);
        FirstMoments = Update("firstMoments", count, Numbers.Uniform);
        SecondMoments = Update("secondMoments", count, Numbers.Activations);
    }

    /// <summary>[count].</summary>
    public Operand<float> Parameters { get; }

    /// <summary>[count].</summary>
    public Operand<float> Gradients { get; }

    /// <summary>[count].</summary>
    public Operand<float> FirstMoments { get; }

    /// <summary>[count].</summary>
    public Operand<float> SecondMoments { get; }

    /// <summary>3 for the first moment, 4 for the second, 6 for the parameter; a root or a division counts one.</summary>
    public override double Flops => 13.0 * Parameters.Length;

    /// <summary>The first step's, whose corrections are 1 - β.</summary>
    public override void Naive()
    {
        for (int i = 0; i < Parameters.Length; i++)
        {
            float g = Gradients.Host[i];
            float m = FirstMoments.Host[i] = (Beta1 * FirstMoments.Host[i]) + ((1 - Beta1) * g);
            float v = SecondMoments.Host[i] = (Beta2 * SecondMoments.Host[i]) + ((1 - Beta2) * g * g);
            Parameters.Host[i] -= Rate * (m / (1 - Beta1)) / (MathF.Sqrt(v / (1 - Beta2)) + Epsilon);
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) =>
        Kernels.Adam.Run(on, Parameters.View, Gradients.View, FirstMoments.View, SecondMoments.View, Parameters.Length, 1, Rate);
}

/// <summary>A step of stochastic gradient descent with momentum over all parameters of a model.</summary>
internal sealed class SgdMomentumCase : KernelCase
{
    private const float Rate = 1e-3f, Momentum = 0.9f;

    /// <summary>Creates the case.</summary>
    public SgdMomentumCase(int count) : base(nameof(SgdMomentum), $"{count}", 1)
    {
        Parameters = Update("parameters", count, Numbers.Uniform);
        Gradients = Read("gradients", count);
        Velocities = Update("velocities", count, Numbers.Uniform);
    }

    /// <summary>[count].</summary>
    public Operand<float> Parameters { get; }

    /// <summary>[count].</summary>
    public Operand<float> Gradients { get; }

    /// <summary>[count].</summary>
    public Operand<float> Velocities { get; }

    /// <inheritdoc/>
    public override double Flops => 4.0 * Parameters.Length;

    /// <inheritdoc/>
    public override void Naive()
    {
        for (int i = 0; i < Parameters.Length; i++)
        {
            Velocities.Host[i] = (Momentum * Velocities.Host[i]) + Gradients.Host[i];
            Parameters.Host[i] -= Rate * Velocities.Host[i];
        }
    }

    /// <inheritdoc/>
    protected override void Launch(Device on) => SgdMomentum.Run(on, Parameters.View, Gradients.View, Velocities.View, Parameters.Length, Rate, Momentum);
}
