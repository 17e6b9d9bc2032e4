using System.Text;
using CsCheck;
using GpuCnn.Runner.Import;

namespace GpuCnn.Fuzz.Formats;

/// <summary>Models that are described in files, and Keras's.</summary>
internal static class Models
{
    private static readonly string[] Keywords =
        ["\"kind\":\"conv\"", "\"kind\":\"dense\"", "\"kind\":\"max_pool\"", "\"kind\":\"average_pool\"", "\"kind\":\"batch_norm\"", "\"kind\":\"residual\"", "\"kind\":\"flatten\"",
        "\"kind\":\"dropout\"", "\"kind\":\"leaky_relu\"", "\"kind\":\"gelu\"", "\"kind\":\"global_average_pool\"", "\"shortcut\":[", "\"slope\":", "\"momentum\":", "\"epsilon\":", "\"ceil_mode\":", "\"units\":", "\"kernel\":[3,3]", "\"stride\":", "\"padding\":", "\"layers\":[", "1e9", "2147483647", "65536"];

    /// <summary>Descriptions in JSON.</summary>
    public static Target Description { get; } = new("model", "m.json", [.. ModelZoo.All.Select(model => Encoding.UTF8.GetBytes(ModelFile.Text(model))), Encoding.UTF8.GetBytes(ModelFile.Text(ModelZoo.Cnn1, figures: false, indented: false))], path => ModelFile.Text(ModelFile.Load(path)).Length)
    {
        Words = Keywords,
        Structures = from layers in Layer.Array[0, 6]
                     from deep in Gen.Frequency((12, Gen.Const(0)), (1, Gen.Int[1, 80]))
                     from text in Json.Object(("name", "\"m\""), ("input", "[1,28,28]"), ("epochs", "3"),
                         ("layers", $"[{string.Concat(Enumerable.Repeat("[", deep))}{string.Join(',', layers)}{string.Concat(Enumerable.Repeat("]", deep))}]"))
                     select Encoding.UTF8.GetBytes(text),
    };

    /// <summary>Keras's .h5 files, which are HDF5.</summary>
    public static Target Keras { get; } = new("keras", "k.h5", [.. Seeds()], path => 4 * KerasImport.Read(path, null).Weights.Sum(tensor => tensor.Values.LongLength * sizeof(float)))
    {
        // The library takes memory for what an attribute claims to hold before it reads it, an array's worth at most; SECURITY.md says so.
        SpareBytes = 2L << 30,
        Words = ["model_config", "layer_names", "weight_names", "SNOD", "TREE", "HEAP", "OHDR", "OCHK", "FRHP", "BTHD"],
    };

    private static Gen<string> Layer => Gen.Frequency(
        (3, Json.Object(("kind", "\"conv\""), ("filters", "4"), ("kernel", "[3,3]"), ("stride", "1"), ("padding", "0"))),
        (2, Json.Object(("kind", "\"max_pool\""), ("window", "2"), ("stride", "2"), ("padding", "1"), ("ceil_mode", "true"))), (1, Json.Object(("kind", "\"average_pool\""), ("window", "2"), ("stride", "2"))),
        (1, Json.Object(("kind", "\"batch_norm\""), ("momentum", "0.1"), ("epsilon", "1e-5"))), (1, Json.Object(("kind", "\"leaky_relu\""), ("slope", "0.01"))), (2, Json.Object(("kind", "\"dense\""), ("units", "10"), ("name", "\"d\""))),
        (1, Json.Object(("kind", "\"dropout\""), ("rate", "0.5"), ("name", "\"d\""))), (1, Gen.OneOf("{\"kind\":\"flatten\"}", "{\"kind\":\"relu\"}", "{\"kind\":\"gelu\"}", "{\"kind\":\"global_average_pool\"}")), (1, Blocks), (1, Json.Value));

    /// <summary>Residual blocks, at times deep ones and ones whose shortcut does not fit.</summary>
    private static Gen<string> Blocks =>
        from depth in Gen.Frequency((6, Gen.Int[1, 4]), (1, Gen.Int[5, 300]))
        from inner in Gen.OneOf("", "{\"kind\":\"relu\"}", "{\"kind\":\"conv\",\"filters\":1,\"kernel\":[1,1]}", "{\"kind\":\"flatten\"}")
        from shortcut in Gen.OneOf("", ",\"shortcut\":[]", ",\"shortcut\":[{\"kind\":\"gelu\"}]", ",\"shortcut\":7")
        select $"{string.Concat(Enumerable.Repeat("{\"kind\":\"residual\",\"layers\":[", depth))}{inner}{string.Concat(Enumerable.Repeat($"]{shortcut}}}", depth))}";

    private static IEnumerable<byte[]> Seeds()
    {
        foreach (string name in typeof(Models).Assembly.GetManifestResourceNames().Where(each => each.StartsWith("seeds/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream stream = typeof(Models).Assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            yield return bytes;
        }
    }
}
