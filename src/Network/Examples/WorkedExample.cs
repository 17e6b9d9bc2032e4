namespace GpuCnn;

/// <summary>The worked X/O example: how three features, ReLU, pooling and a vote tell an X from an O, every number from this library's own layers on a device.</summary>
internal sealed class WorkedExample
{
    /// <summary>More than rounding can take from a number of the example, less than lies between one and the hundredth above it: <see cref="Cut"/> says why.</summary>
    private const double Rounding = 1e-6;

    private const int Pixels = CrossesAndNoughts.FeatureSize * CrossesAndNoughts.FeatureSize;

    private WorkedExample(IReadOnlyList<ExampleWalk> walks, IReadOnlyList<int> xPositions, IReadOnlyList<int> oPositions, IReadOnlyList<ExampleVote> votes, IReadOnlyList<LineUp> lineUps)
    {
        (X, O, DeformedX) = (walks[0], walks[1], walks[2]);
        XPositions = xPositions;
        OPositions = oPositions;
        (XVote, OVote, DeformedVote, TestVote) = (votes[0], votes[1], votes[2], votes[3]);
        LineUps = lineUps;
    }

    /// <summary>The layers that find the features: convolution, ReLU, and max-pooling twice, whose last windows hang over the edge.</summary>
    public static ModelDefinition FeatureModel { get; } = new("x-o features", new TensorShape(1, CrossesAndNoughts.ImageSize, CrossesAndNoughts.ImageSize), 1,
        new Conv2d(CrossesAndNoughts.Features.Count, CrossesAndNoughts.FeatureSize, CrossesAndNoughts.FeatureSize), new Relu(),
        new MaxPool2d(2, 2, CeilMode: true), new MaxPool2d(2, 2, CeilMode: true), new Flatten());

    /// <summary>The layer that votes: one output for X, one for O.</summary>
    public static ModelDefinition VoteModel { get; } = new("x-o vote", new TensorShape(FeatureModel.Classes, 1, 1), 1, new Dense(2));

    /// <summary>The X on its way through the layers.</summary>
    public ExampleWalk X { get; }

    /// <summary>The O.</summary>
    public ExampleWalk O { get; }

    /// <summary>The deformed X.</summary>
    public ExampleWalk DeformedX { get; }

    /// <summary>Where the X's vector is high, counted from 1: a feature matches there perfectly.</summary>
    public IReadOnlyList<int> XPositions { get; }

    /// <summary>Where the O's vector is high, counted from 1.</summary>
    public IReadOnlyList<int> OPositions { get; }

    /// <summary>The vote on the X.</summary>
    public ExampleVote XVote { get; }

    /// <summary>The vote on the O.</summary>
    public ExampleVote OVote { get; }

    /// <summary>The vote on the deformed X.</summary>
    public ExampleVote DeformedVote { get; }

    /// <summary>The vote on <see cref="CrossesAndNoughts.TestVector"/>.</summary>
    public ExampleVote TestVote { get; }

    /// <summary>The first feature lined up with two patches of the X: one that it matches, and the crossing, which it matches in part.</summary>
    public IReadOnlyList<LineUp> LineUps { get; }

    /// <summary>Computes the example.</summary>
    /// <param name="device">Where its layers run.</param>
    /// <returns>All its numbers.</returns>
    /// <exception cref="DeviceException">The device has not the memory.</exception>
    public static WorkedExample Run(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        float[] features = [.. CrossesAndNoughts.Features.SelectMany(feature => feature.Values.Select(value => value / Pixels))];
        using var finder = new Inspector(FeatureModel, Weights(FeatureModel, features), device);
        ExampleWalk[] walks = [.. new[] { CrossesAndNoughts.X, CrossesAndNoughts.O, CrossesAndNoughts.DeformedX }.Select(image => ExampleWalk.Of(finder, image))];
        int[] xPositions = High(walks[0].Vector), oPositions = High(walks[1].Vector);
        float[] voters = [.. new[] { xPositions, oPositions }.SelectMany(positions =>
            Enumerable.Range(1, FeatureModel.Classes).Select(place => positions.Contains(place) ? 1f / positions.Length : 0f))];
        using var voting = new Inspector(VoteModel, Weights(VoteModel, voters), device);
        ExampleVote[] votes = [.. walks.Select(walk => walk.Vector).Append(CrossesAndNoughts.TestVector).Select(vector =>
        {
            IReadOnlyList<float> means = voting.Trace([.. vector])[^1].Values;
            return new ExampleVote(vector, Sum(vector, xPositions), means[0], Sum(vector, oPositions), means[1]);
        })];
        return new WorkedExample(walks, xPositions, oPositions, votes, [LineUp.Of(device, CrossesAndNoughts.Features[0], 1, 1), LineUp.Of(device, CrossesAndNoughts.Features[0], 3, 3)]);
    }

    /// <summary>Cuts a number of the example after two decimals, as its printed tables are.</summary>
    /// <remarks>Exactly, every number is a multiple of 1/9, 1/36, 1/45, 1/400 or 1/500: it is a whole hundredth, or lies at least 1/900 from the next. Computed in single precision it
    /// is a sum of at most 12 products whose magnitudes add up to at most 1, so it errs by at most 14 roundings of 2^-24, 8.4e-7. Moving it away from zero by 1e-6, more than
    /// the error and far less than 1/900, gives after the cut the hundredth that the exact number is cut to: 0.99999994 for 9/9 becomes 1.00, and 7/9 becomes 0.77.</remarks>
    /// <param name="value">The number.</param>
    /// <returns>The number with two decimals; never minus zero.</returns>
    public static double Cut(double value) => Math.Truncate((value + Math.CopySign(Rounding, value)) * 100) / 100 + 0.0;

    private static int[] High(IReadOnlyList<float> vector) => [.. Enumerable.Range(1, vector.Count).Where(place => Cut(vector[place - 1]) >= 1)];

    private static double Sum(IReadOnlyList<float> vector, int[] positions) => positions.Sum(place => (double)vector[place - 1]);

    /// <summary>A weight and a bias of zeros for a model whose only parameters these are.</summary>
    internal static IReadOnlyList<WeightTensor> Weights(ModelDefinition model, float[] weight) =>
        [
            new(model.Parameters[0].Name, model.Parameters[0].Shape, weight),
            new(model.Parameters[1].Name, model.Parameters[1].Shape, new float[model.Parameters[1].Shape[0]]),
        ];
}

/// <summary>An image on its way through <see cref="WorkedExample.FeatureModel"/>.</summary>
/// <param name="Image">The image.</param>
/// <param name="Maps">What the convolution gives: a map a feature, 7x7.</param>
/// <param name="Rectified">After ReLU.</param>
/// <param name="Pooled">After max-pooling, 4x4.</param>
/// <param name="PooledTwice">After the second max-pooling, 2x2.</param>
/// <param name="Vector">Map by map and row by row.</param>
internal sealed record ExampleWalk(ExampleImage Image, LayerOutput Maps, LayerOutput Rectified, LayerOutput Pooled, LayerOutput PooledTwice, IReadOnlyList<float> Vector)
{
    internal static ExampleWalk Of(Inspector finder, ExampleImage image)
    {
        IReadOnlyList<LayerOutput> outputs = finder.Trace([.. image.Values]);
        return new ExampleWalk(image, outputs[0], outputs[1], outputs[2], outputs[3], outputs[4].Values);
    }
}

/// <summary>A vote: the mean over the positions where an X is high, and where an O is.</summary>
/// <param name="Vector">What is voted on.</param>
/// <param name="XSum">The sum at the X's positions.</param>
/// <param name="XMean">The mean there, from the dense layer.</param>
/// <param name="OSum">The sum at the O's positions.</param>
/// <param name="OMean">The mean there, from the dense layer.</param>
internal sealed record ExampleVote(IReadOnlyList<float> Vector, double XSum, double XMean, double OSum, double OMean)
{
    /// <summary>Who wins: <c>X</c> or <c>O</c>.</summary>
    public string Winner => XMean > OMean ? "X" : "O";
}
