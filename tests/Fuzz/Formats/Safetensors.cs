using System.Buffers.Binary;
using System.Text;
using CsCheck;

namespace GpuCnn.Fuzz.Formats;

/// <summary>Weights files.</summary>
internal static class Safetensors
{
    private static readonly string[] Keywords =
        ["F32", "F16", "BF16", "F64", "I8", "BOOL", "__metadata__", "dtype", "shape", "data_offsets", "conv1.weight", "conv1.bias", "{\"a\":", "[[[[[[[[", "}}", "\"format\":\"pt\""];

    /// <summary>Files as they are.</summary>
    public static Target Weights { get; } = new("weights", "w.safetensors", [Small(), Cnn2(), Framed("""{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[8])], Read)
    {
        Words = Keywords,
    };

    /// <summary>Headers whose length is right; the tensors' bytes follow from what they say.</summary>
    public static Target Header { get; } = new("weights-header", "w.safetensors",
        [Encoding.UTF8.GetBytes("""{"__metadata__":{"format":"pt"},"conv1.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"conv1.weight":{"dtype":"F32","shape":[2,1,2,2],"data_offsets":[8,40]}}""")], Read)
    {
        Words = Keywords,
        Finish = header => Framed(header, new byte[40]),
        Structures = from tensors in Gen.Frequency((9, Tensors.Array[0, 5]), (1, Tensors.Array[100, 1500]))
                     from gap in Gen.Frequency((8, Gen.Const(0)), (1, Gen.Int[-5, 5]))
                     from metadata in Gen.Frequency((3, Gen.Const("")), (1, Json.Value.Select(value => $"\"__metadata__\":{value},")))
                     select Laid(metadata, tensors, gap),
    };

    /// <summary>Checkpoints.</summary>
    public static Target Checkpoints { get; } = new("checkpoint", "step-000000002.safetensors", [Saved()], path =>
    {
        TrainingState state = Checkpoint.Load(path).State;
        return 2 * state.Parts.Sum(part => part.InOrder.Sum(tensor => tensor.Values.LongLength * sizeof(float)));
    })
    {
        Words = [.. Keywords, "gpucnn checkpoint", "format_version", "checksum", "state", "note.", "weights/", "first_moments/", "step_losses", "\"step_losses\":{\"dtype\":\"F32\""],
    };

    private static Gen<(string Name, string Type, string[] Shape, int Off)> Tensors =>
        Gen.Select(
            Gen.Frequency((6, Gen.String[Gen.Char['a', 'z'], 1, 6]), (1, Gen.OneOf("", "__metadata__", "conv1.weight", "\\u001b[31m", "\\n", "\\ud800", "\\u202e")), (1, Gen.String[Gen.Char['a', 'z'], 200, 3000])),
            Gen.Frequency((8, Gen.Const("\"F32\"")), (1, Gen.OneOf("\"F16\"", "\"BF16\"", "\"I64\"", "null", "3", "\"\\u001b[2J\""))),
            Gen.Frequency((8, Gen.Int[1, 5].Select(size => $"{size}")), (1, Gen.OneOf("0", "-1", "1e3", "2147483647", "99999999999999999999", "\"1\"", "null"))).Array[0, 5],
            Gen.Frequency((8, Gen.Const(0)), (1, Gen.Int[-9, 9])));

    private static long Read(string path)
    {
        IReadOnlyList<WeightTensor> tensors = WeightsFile.Load(path);
        TrainedModel.Load(path);
        return 2 * tensors.Sum(tensor => tensor.Values.LongLength * sizeof(float));
    }

    private static byte[] Small() => Written.By(path =>
        WeightsFile.Save(path, [new WeightTensor("conv1.weight", [2, 1, 3, 3], new float[18]), new WeightTensor("conv1.bias", [2], [1f, 2f]), new WeightTensor("z", [], [3f])]));

    private static byte[] Saved()
    {
        WeightTensor[] tensors = [new("conv1.weight", [2, 1, 3, 3], new float[18]), new("conv1.bias", [2], [1f, 2f])];
        var state = new TrainingState(new("weights", tensors), new("first_moments", tensors), new("second_moments", tensors))
        {
            Options = new TrainingOptions(),
            TrainingImages = 5,
            ValidationImages = 1,
            StepsOfEpoch = 1,
            CorrectOfEpoch = [4],
            SecondsOfEpoch = 0.25,
            LearningRate = 1e-3,
            Rollbacks = 0,
            Epochs = [new EpochResult(1, 0.1, 0.2, null, 0.4, 1e-3, 1, 2, true, false)],
            StepLosses = [0.5f, 0.75f],
        };
        return Written.By(path => new Checkpoint(state, new Dictionary<string, string> { ["version"] = "1.2.3" }).Save(path));
    }

    private static byte[] Cnn2() => Written.By(path => WeightsFile.Save(path,
        [.. ModelZoo.Cnn2.Parameters.Take(6).Select(spec => new WeightTensor(spec.Name, [1], [0.5f]))]));

    private static byte[] Laid(string metadata, (string Name, string Type, string[] Shape, int Off)[] tensors, int gap)
    {
        long at = 0;
        var header = new StringBuilder("{").Append(metadata);
        foreach ((string name, string type, string[] shape, int off) in tensors)
        {
            long end = at + off + shape.Aggregate(4L, (product, size) => product * (int.TryParse(size, out int number) ? Math.Clamp(number, 1, 9) : 1));
            header.Append($"\"{name}\":{{\"dtype\":{type},\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{at},{end}]}},");
            at = Math.Max(0, end);
        }
        string text = header.ToString().TrimEnd(',') + "}";
        return Framed(Encoding.UTF8.GetBytes(text), new byte[Math.Clamp(at + gap, 0, 1 << 20)]);
    }

    private static byte[] Framed(string header, byte[] data) => Framed(Encoding.UTF8.GetBytes(header), data);

    private static byte[] Framed(byte[] header, byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }
}
