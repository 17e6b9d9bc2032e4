using System.Globalization;

namespace GpuCnn.Runner.Explain;

/// <summary>The worked X/O example as steps.</summary>
internal static class WorkedExampleSteps
{
    private const int Pixels = CrossesAndNoughts.FeatureSize * CrossesAndNoughts.FeatureSize;

    /// <summary>Puts the example's numbers into steps.</summary>
    /// <param name="example">The numbers.</param>
    /// <param name="device">What computed them.</param>
    public static Explanation Of(WorkedExample example, string device) => new("Is it an X or an O?",
        $"How a convolutional network tells an X from an O, every number computed by this program's own layers on {device}. Tables are cut after two decimals.",
        [
            Image(), Features(), LineUpStep(example), Multiply(example), Sum(example), Map(example), Maps(example), Rectify(example), Pool(example), PoolAgain(example),
            Vector(example), Vote(example), Deformed(example),
        ]);

    private static Step Image() => new("image", "The image",
        new Prose("To a computer a picture is a grid of numbers. This one has 9 x 9 pixels: 1 where there is ink, -1 where there is none."),
        Grids(Picture(CrossesAndNoughts.X)),
        new Prose("Comparing pictures pixel by pixel fails as soon as an X is shifted, turned or drawn by an unsteady hand. So the pieces of a picture are compared instead."));

    private static Step Features() => new("features", "Three features",
        new Prose("An X is made of a diagonal, a crossing and the other diagonal. Each of these features is a small picture of 3 x 3 pixels; in a trained network the filters of a convolution are what it has learned such features to be."),
        Grids([.. CrossesAndNoughts.Features.Select(Picture)]));

    private static Step LineUpStep(WorkedExample example) => new("line-up", "Lining a feature up with a patch",
        new Prose($"The first feature is laid over a patch of 3 x 3 pixels. Two patches are followed here: the one whose upper left corner is in row {example.LineUps[0].Row + 1}, column {example.LineUps[0].Column + 1}, and the one in row {example.LineUps[1].Row + 1}, column {example.LineUps[1].Column + 1}, where the strokes cross."),
        new Grids([.. example.LineUps.Select(Patch), Picture(example.LineUps[0].Feature)]));

    private static Step Multiply(WorkedExample example) => new("multiply", "Multiplying",
        [new Prose("Each pixel of the patch is multiplied by the feature's pixel below it: 1 where they agree, ink on ink or none on none, and -1 where they do not."),
            .. example.LineUps.Select(each => Grids(Patch(each), Picture(each.Feature) with { Sign = "x" }, Products(each)))]);

    private static Step Sum(WorkedExample example) => new("sum", "Adding up and dividing",
        [new Prose($"The {Pixels} products are added up, and the sum is divided by the number of pixels, {Pixels}. A perfect match gives 1."),
            .. example.LineUps.Select(each => new Prose($"Row {each.Row + 1}, column {each.Column + 1}: {string.Join(" ", each.Products.Select((product, i) => (i == 0 ? "" : product < 0 ? "- " : "+ ") + Whole(Math.Abs(product))))}"
                + $" = {Whole(each.Sum)}, and {Whole(each.Sum)} / {Pixels} = {Cut(each.Mean)}."))]);

    private static Step Map(WorkedExample example) => new("map", "The map",
        new Prose("Done for every place where the feature fits, this gives a map of where in the picture the feature is: that is a convolution. 9 x 9 pixels have room for 7 x 7 places. The first feature, a diagonal, is found along the X's diagonal."),
        Grids(Maps(example.X.Maps, 1)));

    private static Step Maps(WorkedExample example) => new("maps", "A map for each feature",
        new Prose("The other two features give maps of their own. One picture has become three: a convolution layer with three filters."),
        Grids(Maps(example.X.Maps)));

    private static Step Rectify(WorkedExample example) => new("relu", "ReLU",
        new Prose("A rectified linear unit sets every negative number to zero and leaves the others."),
        Grids(Maps(example.X.Rectified)));

    private static Step Pool(WorkedExample example) => new("pool", "Pooling",
        new Prose("A window of 2 x 2 numbers walks over each map in steps of 2, and only the largest number in it is kept. The last windows hang over the edge. What remains is 4 x 4: how well the feature matches thereabouts, not exactly where."),
        Grids(Maps(example.X.Pooled)));

    private static Step PoolAgain(WorkedExample example) => new("pool-again", "Pooling once more",
        new Prose("Layers can be stacked, each working on what the one before it gave. Another pooling leaves 2 x 2 numbers of each map."),
        Grids(Maps(example.X.PooledTwice)));

    private static Step Vector(WorkedExample example) => new("vector", "The vector",
        new Prose($"Map by map and row by row, these are {example.X.Vector.Count} numbers in a list. For an X those at positions {List(example.XPositions)} are high: there a feature matches perfectly."),
        Grids(NumberGrid.Of("X", [example.X.Vector], NumberFormat.Cut)),
        new Prose($"An O goes the same way through the same layers. It is high at positions {List(example.OPositions)}."),
        Grids(Picture(CrossesAndNoughts.O)),
        Grids(NumberGrid.Of("O", [example.O.Vector], NumberFormat.Cut)));

    private static Step Vote(WorkedExample example) => new("vote", "The vote",
        new Prose("What is this one? Its vector has no number that is quite 1:"),
        Grids(NumberGrid.Of("an unknown picture", [example.TestVote.Vector], NumberFormat.Cut)),
        new Prose("Every number votes. The mean at the X's positions says how much it is an X, that at the O's positions how much it is an O. A dense layer does just that, with a weight for every position."),
        Votes("votes", example, example.TestVote),
        new Prose($"{Cut(example.TestVote.XMean)} against {Cut(example.TestVote.OMean)}: it is an {example.TestVote.Winner}."));

    private static Step Deformed(WorkedExample example)
    {
        ExampleImage image = CrossesAndNoughts.DeformedX;
        int all = image.Values.Count, like = image.PixelsEqualTo(CrossesAndNoughts.X), unlike = image.PixelsEqualTo(CrossesAndNoughts.O);
        return new Step("deformed", "A deformed X",
            new Prose("An X by an unsteady hand, beside the X:"),
            Grids(Picture(image), Picture(CrossesAndNoughts.X)),
            new Prose($"Pixel by pixel it is not the X: {all - like} of {all} pixels differ, and of the X's {Inked(CrossesAndNoughts.X)} pixels of ink it has {Shared(image)}. {like} pixels are those of the X, but {unlike} are those of the O as well: that tells next to nothing."),
            new Prose("The same layers find the features wherever they have gone:"),
            Grids(Maps(example.DeformedX.Maps)),
            Grids(Maps(example.DeformedX.Rectified)),
            Grids(Maps(example.DeformedX.Pooled)),
            Grids(Maps(example.DeformedX.PooledTwice)),
            Grids(NumberGrid.Of("its vector", [example.DeformedX.Vector], NumberFormat.Cut)),
            Votes("votes", example, example.DeformedVote),
            new Prose($"{Cut(example.DeformedVote.XMean)} against {Cut(example.DeformedVote.OMean)}: it is an {example.DeformedVote.Winner}."));
    }

    private static Listing Votes(string caption, WorkedExample example, ExampleVote vote) => new(caption, ["for", "positions", "sum", "mean"],
        [["X", List(example.XPositions), Cut(vote.XSum), $"{Cut(vote.XSum)} / {example.XPositions.Count} = {Cut(vote.XMean)}"],
            ["O", List(example.OPositions), Cut(vote.OSum), $"{Cut(vote.OSum)} / {example.OPositions.Count} = {Cut(vote.OMean)}"]]);

    private static Grids Grids(params NumberGrid[] grids) => new(grids);

    private static NumberGrid Picture(ExampleImage image) => NumberGrid.Of(image.Name, image.Values.Chunk(image.Size), NumberFormat.Whole);

    private static NumberGrid Patch(LineUp each) =>
        NumberGrid.Of($"patch {each.Row + 1}, {each.Column + 1}", each.Patch.Chunk(each.Feature.Size), NumberFormat.Whole);

    private static NumberGrid Products(LineUp each) => NumberGrid.Of("products", each.Products.Chunk(each.Feature.Size), NumberFormat.Whole, sign: "=");

    private static NumberGrid[] Maps(LayerOutput output, int count = int.MaxValue) =>
        [.. CrossesAndNoughts.Features.Take(count).Select((feature, i) => NumberGrid.Of(feature.Name, output.Map(i), NumberFormat.Cut))];

    private static int Inked(ExampleImage image) => image.Values.Count(value => value > 0);

    private static int Shared(ExampleImage image) => image.Values.Zip(CrossesAndNoughts.X.Values).Count(pair => pair.First > 0 && pair.Second > 0);

    private static string List(IReadOnlyList<int> positions) => string.Join(", ", positions);

    private static string Whole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Cut(double value) => WorkedExample.Cut(value).ToString("0.00", CultureInfo.InvariantCulture);
}
