namespace GpuCnn.Runner.Import;

/// <summary>Makes a trained model of an .h5 file of Keras.</summary>
internal static class KerasImport
{
    /// <summary>Reads a file and turns its layouts: kernels from height, width, in, out to out, in, height, width; the first dense layer's rows from the image's
    /// order of height, width, channels to channels, height, width.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model that it is; null for the one that the file describes, or for a file of weights alone the one of ours that they fit.</param>
    /// <returns>The model with its weights.</returns>
    /// <exception cref="InvalidFileException">The file is damaged, or has a model that there cannot be here, or not the one wanted.</exception>
    public static TrainedModel Read(string path, ModelDefinition? model)
    {
        KerasFile file = KerasFile.Read(path);
        model ??= file.Config is { } config ? KerasModel.Read(path, config)
            : ModelZoo.All.FirstOrDefault(candidate => Fits(path, candidate, file.Layers))
            ?? throw new InvalidFileException(path, $"it holds weights alone, and they are those of none of the models {string.Join(", ", ModelZoo.All.Select(each => each.Name))}; name the model with --model");
        return new TrainedModel(model, Convert(path, model, file.Layers));
    }

    private static bool Fits(string path, ModelDefinition model, IReadOnlyList<KerasWeights> layers)
    {
        try
        {
            Convert(path, model, layers);
            return true;
        }
        catch (InvalidFileException)
        {
            return false;
        }
    }

    private static List<WeightTensor> Convert(string path, ModelDefinition model, IReadOnlyList<KerasWeights> layers)
    {
        var tensors = new List<WeightTensor>();
        int next = 0;
        foreach (LayerNode node in model.Nodes.Where(node => node.Parameters.Count > 0))
        {
            if (next == layers.Count)
            {
                throw new InvalidFileException(path, $"it has weights of {layers.Count} layers, model {model.Name} has more: none for {node.Name}");
            }
            KerasWeights found = layers[next++];
            IReadOnlyList<int> wanted = node.Parameters[0].Shape;
            if (node.Layer is BatchNorm)
            {
                tensors.AddRange(Normalization(path, model.Name, node.Name, found, wanted));
                continue;
            }
            IReadOnlyList<int>[] expected =
                [wanted.Count == 4 ? [wanted[2], wanted[3], wanted[1], wanted[0]] : [wanted[1], wanted[0]], .. node.Parameters.Skip(1).Select(each => each.Shape)];
            if (found.Tensors.Count > expected.Length || found.Tensors.Zip(expected).Any(pair => !pair.First.Shape.SequenceEqual(pair.Second)))
            {
                throw new InvalidFileException(path, $"layer {found.Layer} has {string.Join(" and ", found.Tensors.Select(tensor => WeightTensor.Format(tensor.Shape)))}, "
                    + $"but {node.Name} of model {model.Name} needs {string.Join(" and ", expected.Select(WeightTensor.Format))}");
            }
            // Behind a flatten layer the elements of a vector stay in the order of the image until a dense layer has mixed them.
            int channels = wanted.Count == 4 ? wanted[1] : node.InputMemory.Channels;
            tensors.Add(new WeightTensor(node.Parameters[0].Name, wanted, Turn(found.Tensors[0].Values, wanted[0], channels)));
            // Keras leaves a bias away where it is told to; the model, where it was named, may have one all the same.
            tensors.AddRange(node.Parameters.Skip(1).Select(each =>
                new WeightTensor(each.Name, each.Shape, found.Tensors.Count == 2 ? found.Tensors[1].Values : new float[wanted[0]])));
        }
        return next == layers.Count ? tensors
            : throw new InvalidFileException(path, $"it has weights of {layers.Count} layers, model {model.Name} has {next}");
    }

    /// <summary>A batch normalization's tensors, which Keras tells apart by name; those that it was told to do without are as if they were not there.</summary>
    private static IEnumerable<WeightTensor> Normalization(string path, string model, string name, KerasWeights found, IReadOnlyList<int> shape)
    {
        (string Keras, string Ours, float Preset)[] parts = [("gamma", "weight", 1), ("beta", "bias", 0), ("moving_mean", "running_mean", float.NaN), ("moving_variance", "running_var", float.NaN)];
        string[] given = [.. found.Tensors.Select(tensor => tensor.Name.Split('/')[^1].Split(':')[0])];
        return given.Except(parts.Select(part => part.Keras)).Any() || given.Distinct().Count() < given.Length || !given.Contains("moving_mean") || !given.Contains("moving_variance")
            || found.Tensors.Any(tensor => !tensor.Shape.SequenceEqual(shape))
            ? throw new InvalidFileException(path, $"layer {found.Layer} has {string.Join(" and ", found.Tensors.Select(tensor => $"{tensor.Name} {WeightTensor.Format(tensor.Shape)}"))}, "
                + $"but {name} of model {model}, a batch normalization, needs gamma, beta, moving_mean and moving_variance of {WeightTensor.Format(shape)}")
            : parts.Select(part => new WeightTensor($"{name}.{part.Ours}", shape,
                Array.IndexOf(given, part.Keras) is >= 0 and var at ? found.Tensors[at].Values : [.. Enumerable.Repeat(part.Preset, shape[0])]));
    }

    /// <summary>From places, channels, units to units, channels, places: a kernel's taps or an image's pixels are the places.</summary>
    private static float[] Turn(float[] values, int units, int channels)
    {
        int places = values.Length / (units * channels);
        var turned = new float[values.Length];
        for (int i = 0; i < turned.Length; i++)
        {
            int place = i % places, channel = i / places % channels, unit = i / (places * channels);
            turned[i] = values[(((place * channels) + channel) * units) + unit];
        }
        return turned;
    }
}
