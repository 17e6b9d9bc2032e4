using PureHDF;

namespace GpuCnn.Runner.Import;

/// <summary>A layer's weights as Keras keeps them.</summary>
/// <param name="Layer">Keras's name of the layer.</param>
/// <param name="Tensors">Its weights in order: kernel and bias; of a batch normalization gamma, beta, mean and variance.</param>
internal sealed record KerasWeights(string Layer, IReadOnlyList<WeightTensor> Tensors);

/// <summary>What an .h5 file of Keras holds: Keras 2 and the legacy format of Keras 3, whole models and weights alone.</summary>
/// <param name="Config">The model's description as JSON; null in a file of weights alone.</param>
/// <param name="Layers">The layers that have weights, in the model's order.</param>
internal sealed record KerasFile(string? Config, IReadOnlyList<KerasWeights> Layers)
{
    private const int MostNames = 10_000, LongestText = 16 << 20;

    /// <summary>Reads a file. Sizes are checked against the file's before anything of that size is allocated.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is missing, unreadable, damaged or not Keras's.</exception>
    public static KerasFile Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidFileException(path, Directory.Exists(path) ? "it is a folder" : "there is no such file");
        }
        try
        {
            HeapSizes.Check(path);
            using var file = H5File.OpenRead(path);
            IH5Group root = file.LinkExists("model_weights") ? file.Group("model_weights") : file;
            var reader = new Reader(path, new FileInfo(path).Length);
            string[] names = reader.Names(root, "layer_names") ?? throw new InvalidFileException(path, "it has no layer_names: it is no .h5 file that Keras wrote with model.save or save_weights");
            return new KerasFile(file.AttributeExists("model_config") ? reader.Text(file.Attribute("model_config")) : null,
                [.. names.Select(name => new KerasWeights(name, reader.Weights(root.Group(name)))).Where(layer => layer.Tensors.Count > 0)]);
        }
        catch (Exception exception) when (exception is not InvalidFileException)
        {
            // A damaged file makes the library fail in many ways: with indices out of range and overflows too.
            throw new InvalidFileException(path, $"it cannot be read as HDF5 ({exception.GetBaseException().Message.Split('\n')[0].Trim()})", exception);
        }
    }

    private sealed class Reader(string path, long length)
    {
        public string[]? Names(IH5Object owner, string name)
        {
            if (owner.AttributeExists(name))
            {
                return Names(owner.Attribute(name));
            }
            // Keras splits lists that are too long for one attribute: layer_names0, layer_names1, ...
            var all = new List<string>();
            for (int part = 0; owner.AttributeExists($"{name}{part}") && all.Count <= MostNames; part++)
            {
                all.AddRange(Names(owner.Attribute($"{name}{part}")));
            }
            return all.Count > 0 ? [.. all] : null;
        }

        public string Text(IH5Attribute attribute)
        {
            long size = Elements(attribute.Space.Dimensions, Math.Max(1, attribute.Type.Size));
            return size <= LongestText ? attribute.Read<string>().TrimEnd('\0') : throw new InvalidFileException(path, $"its attribute {attribute.Name} has {size} bytes");
        }

        public List<WeightTensor> Weights(IH5Group group)
        {
            var tensors = new List<WeightTensor>();
            foreach (string name in Names(group, "weight_names") ?? [])
            {
                IH5Dataset dataset = group.Dataset(name);
                if (dataset.Type is not { Class: H5DataTypeClass.FloatingPoint, Size: sizeof(float) })
                {
                    throw new InvalidFileException(path, $"tensor '{name}' is {dataset.Type.Class} of {dataset.Type.Size} bytes; only float32 is read");
                }
                Elements(dataset.Space.Dimensions, sizeof(float));
                float[] values = dataset.Read<float[]>();
                int bad = Array.FindIndex(values, value => !float.IsFinite(value));
                tensors.Add(bad < 0 ? new WeightTensor(name, [.. dataset.Space.Dimensions.Select(size => (int)size)], values)
                    : throw new InvalidFileException(path, $"tensor '{name}' has {values[bad]} at element {bad}; weights must be finite"));
            }
            return tensors;
        }

        private string[] Names(IH5Attribute attribute)
        {
            // Keras writes an empty list as an empty list of numbers.
            long count = Elements(attribute.Space.Dimensions, Math.Max(1, attribute.Type.Size)) / Math.Max(1, attribute.Type.Size);
            return count == 0 ? [] : count <= MostNames ? [.. attribute.Read<string[]>().Select(name => name.TrimEnd('\0'))]
                : throw new InvalidFileException(path, $"its attribute {attribute.Name} has {count} names");
        }

        /// <summary>The bytes of so many elements: nothing that Keras writes is compressed, so they are not more than the file has.</summary>
        private long Elements(ulong[] dimensions, int size)
        {
            Int128 bytes = size;
            foreach (ulong dimension in dimensions)
            {
                bytes *= dimension;
                if (bytes > length)
                {
                    throw new InvalidFileException(path, $"it claims a list of {string.Join(" x ", dimensions)} elements, but has {length} bytes");
                }
            }
            return (long)bytes;
        }
    }
}
