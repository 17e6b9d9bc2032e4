using System.CommandLine;
using GpuCnn.Runner.Data;

namespace GpuCnn.Runner.CommandLine;

/// <summary>Options that mean the same in every command that has them.</summary>
internal static class CommonOptions
{
    public static Option<AcceleratorChoice> Accelerator { get; } =
        Flag.Declare("--accelerator", "KIND", $"Where to compute: {AcceleratorChoice.Syntax}", AcceleratorChoice.Parse, AcceleratorChoice.Auto)
            .Offering("auto", "cuda", "opencl", "cpu");

    public static Option<int> Threads { get; } =
        Flag.Number("--threads", new IntegerRange<int>(0, 1024), "Set the worker threads of the CPU accelerator (0: one per core)", 0);

    public static Option<string?> Data { get; } =
        Flag.Text("--data", "DIR", $"Folder of a data set: IDX files as of MNIST, or a folder of PNG or JPEG files for each class [default: {FashionMnist.RepositoryFolder}, here or in a folder above]");

    public static Option<string?> RequiredWeights { get; } = Flag.Text("--weights", "FILE", "Weights file (safetensors) to use").MustBeGiven();

    public static Option<ModelDefinition?> Model { get; } = Flag.Declare<ModelDefinition?>("--model", "NAME",
        $"Model: {string.Join(", ", ModelZoo.All.Select(model => model.Name))}, or a .json file that describes one; inferred from the weights' tensors when they are given without it",
        FindModel, null).Offering(ModelZoo.All.Select(model => model.Name));

    public static Option<DataSplit> Split { get; } = Flag.Declare("--split", "NAME", "Part of the data set: test or train", ParseSplit, DataSplit.Test).Offering("test", "train");

    /// <summary>The model that a user means: a path of a description, or a name.</summary>
    /// <param name="text">What ends in .json or has a folder in it is a path.</param>
    /// <exception cref="ModelException">There is no model of that name.</exception>
    /// <exception cref="InvalidFileException">The description is none.</exception>
    public static ModelDefinition FindModel(string text) =>
        text.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || text.AsSpan().IndexOfAny(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar) >= 0
            ? ModelFile.Load(text)
            : ModelZoo.Find(text);

    private static DataSplit ParseSplit(string text) => text switch
    {
        "test" => DataSplit.Test,
        "train" => DataSplit.Train,
        _ => throw new OptionException("--split", $"no split '{text}': give test or train"),
    };
}
