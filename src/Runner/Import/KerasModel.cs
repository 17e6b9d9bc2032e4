using System.Text.Json;

namespace GpuCnn.Runner.Import;

/// <summary>Reads Keras's description of a model into ours.</summary>
internal static class KerasModel
{
    /// <summary>The model that a description describes.</summary>
    /// <param name="path">The file it is from.</param>
    /// <param name="config">The description.</param>
    /// <exception cref="InvalidFileException">It is damaged, or has a layer or setting that there is not here; the message names it.</exception>
    public static ModelDefinition Read(string path, string config)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(config, new JsonDocumentOptions { MaxDepth = 64 });
            string kind = Text(document.RootElement, "class_name");
            if (kind != "Sequential")
            {
                throw new InvalidFileException(path, $"its model is {kind}; models of one layer behind the other, Sequential, are read: name the one of ours that it is with --model");
            }
            var reader = new Reader(path);
            JsonElement model = document.RootElement.GetProperty("config");
            foreach (JsonElement layer in (model.ValueKind == JsonValueKind.Array ? model : model.GetProperty("layers")).EnumerateArray())
            {
                reader.Append(Text(layer, "class_name"), layer.GetProperty("config"));
            }
            return reader.Model(model.ValueKind == JsonValueKind.Object ? Text(model, "name") : "sequential");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new InvalidFileException(path, "its model_config is not the JSON that Keras writes", exception);
        }
        catch (ModelException exception)
        {
            throw new InvalidFileException(path, $"its {exception.Message}", exception);
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new JsonException(name);

    private sealed class Reader(string path)
    {
        private readonly List<Layer> layers = [];
        private TensorShape? input;
        private TensorShape shape;
        private int padding;
        private bool ended;

        public void Append(string kind, JsonElement config)
        {
            ReadInput(config);
            string name = config.TryGetProperty("name", out JsonElement given) ? given.GetString() ?? kind : kind;
            if (padding > 0 && kind != "Conv2D")
            {
                throw Refused(name, "zero padding must stand before a Conv2D");
            }
            switch (kind)
            {
                case "InputLayer":
                    break;
                case "Rescaling":
                    RequireScaling(name, config);
                    break;
                case "ZeroPadding2D":
                    padding = Padding(name, config);
                    break;
                case "Conv2D":
                    Conv(name, config);
                    break;
                case "MaxPooling2D":
                    Pool(name, config);
                    break;
                case "AveragePooling2D":
                    AveragePool(name, config);
                    break;
                case "GlobalAveragePooling2D":
                    RequireChannelsLast(name, config);
                    Require(name, !config.TryGetProperty("keepdims", out JsonElement keeps) || !keeps.GetBoolean() || shape is { Height: 1, Width: 1 }, "a global average gives a vector here, keepdims is not read");
                    Add(name, new GlobalAveragePool());
                    break;
                case "BatchNormalization":
                    Normalization(name, config);
                    break;
                case "Flatten":
                    Add(name, new Flatten());
                    break;
                case "Dense":
                    Add(name, new Dense(Int(config.GetProperty("units")), HasBias(config)));
                    Activation(name, config.GetProperty("activation"));
                    break;
                case "Dropout":
                    Add(name, new Dropout(config.GetProperty("rate").GetDouble()));
                    break;
                case "Activation":
                    Activation(name, config.GetProperty("activation"));
                    break;
                case "Softmax":
                    ended = true;
                    break;
                default:
                    Require(name, TryActivation(name, kind, config), $"there is no layer like {kind} here");
                    break;
            }
        }

        public ModelDefinition Model(string name)
        {
            if (input is not { } images)
            {
                throw new InvalidFileException(path, "its model_config does not say how large images are");
            }
            if (layers is [.., Sigmoid] && !ended)
            {
                throw new InvalidFileException(path, "its model ends with a sigmoid, which gives each class a probability of its own; models end with a softmax here");
            }
            return ModelZoo.All.FirstOrDefault(model => model.Input == images && model.Layers.SequenceEqual(layers)) ?? new ModelDefinition(name, images, 10, layers);
        }

        private void Add(string name, Layer layer)
        {
            if (ended)
            {
                throw new InvalidFileException(path, "its model goes on behind a softmax; only the last layer may be one");
            }
            if (input is null)
            {
                throw new InvalidFileException(path, "its model_config does not say how large images are");
            }
            try
            {
                shape = layer.OutputShape(shape);
            }
            catch (ModelException exception)
            {
                throw Refused(name, exception.Message);
            }
            layers.Add(layer);
        }

        private void ReadInput(JsonElement config)
        {
            if (input is not null || !(config.TryGetProperty("batch_input_shape", out JsonElement sizes) || config.TryGetProperty("batch_shape", out sizes)))
            {
                return;
            }
            int?[] numbers = [.. sizes.EnumerateArray().Select(size => size.ValueKind == JsonValueKind.Null ? (int?)null : size.GetInt32())];
            input = numbers is [_, >= 1 and <= 65_536 and int height, >= 1 and <= 65_536 and int width, >= 1 and <= 65_536 and int channels]
                ? new TensorShape(channels, height, width)
                : throw new InvalidFileException(path, $"its input is {sizes.GetRawText()}; images of a fixed [height, width, channels] are read");
            shape = input.Value;
        }

        private void RequireScaling(string name, JsonElement config)
        {
            double scale = config.GetProperty("scale").GetDouble(), offset = config.TryGetProperty("offset", out JsonElement given) ? given.GetDouble() : 0;
            if (layers.Count > 0 || offset != 0 || Math.Abs((scale * 255) - 1) > 1e-6)
            {
                throw Refused(name, "pixels are divided by 255 here, in front of all layers, and not scaled otherwise");
            }
        }

        private int Padding(string name, JsonElement config)
        {
            int[] sizes = [.. config.GetProperty("padding").EnumerateArray().SelectMany(pair => pair.EnumerateArray()).Select(Int)];
            return sizes is [var first, ..] && first >= 0 && sizes.All(size => size == first) ? first : throw Refused(name, "padding must be the same on all four sides");
        }

        private void Conv(string name, JsonElement config)
        {
            RequireChannelsLast(name, config);
            (int kernelHeight, int kernelWidth) = Pair(config, "kernel_size");
            (int stride, int across) = Pair(config, "strides");
            bool plain = Is(config, "groups", 1) && (!config.TryGetProperty("dilation_rate", out _) || Pair(config, "dilation_rate") == (1, 1));
            if (stride != across || stride < 1 || !plain)
            {
                throw Refused(name, "a convolution has one stride for both directions, no dilation and no groups here");
            }
            if (Text(config, "padding") == "same")
            {
                (int above, int below) = Same(shape.Height, kernelHeight, stride);
                (int left, int right) = Same(shape.Width, kernelWidth, stride);
                padding += above == below && above == left && above == right ? above
                    : throw Refused(name, $"its padding is {above} above, {below} below, {left} left and {right} right; all four sides have the same here");
            }
            Add(name, new Conv2d(Int(config.GetProperty("filters")), kernelHeight, kernelWidth, stride, padding, HasBias(config)));
            padding = 0;
            Activation(name, config.GetProperty("activation"));
        }

        private static bool HasBias(JsonElement config) => !config.TryGetProperty("use_bias", out JsonElement given) || given.GetBoolean();

        private void Pool(string name, JsonElement config)
        {
            RequireChannelsLast(name, config);
            (int window, int wide) = Pair(config, "pool_size");
            (int stride, int across) = config.TryGetProperty("strides", out JsonElement strides) && strides.ValueKind == JsonValueKind.Null ? (window, wide) : Pair(config, "strides");
            bool same = Text(config, "padding") == "same";
            if (window != wide || stride != across || stride < 1 || (same && (Same(shape.Height, window, stride).Before > 0 || Same(shape.Width, window, stride).Before > 0)))
            {
                throw Refused(name, "a max-pooling has a square window, one stride and nothing in front of the first window here");
            }
            Add(name, new MaxPool2d(window, stride, CeilMode: same));
        }

        private void AveragePool(string name, JsonElement config)
        {
            RequireChannelsLast(name, config);
            (int window, int wide) = Pair(config, "pool_size");
            (int stride, int across) = config.TryGetProperty("strides", out JsonElement strides) && strides.ValueKind == JsonValueKind.Null ? (window, wide) : Pair(config, "strides");
            Require(name, window == wide && stride == across && stride >= 1, "an average-pooling has a square window and one stride here");
            Require(name, Text(config, "padding") == "valid" || (Same(shape.Height, window, stride) == (0, 0) && Same(shape.Width, window, stride) == (0, 0)),
                "an average counts padding as zeros here, which Keras leaves out: windows must not hang over the edge");
            Add(name, new AveragePool2d(window, stride));
        }

        private void Normalization(string name, JsonElement config)
        {
            JsonElement axis = config.GetProperty("axis");
            int over = axis.ValueKind == JsonValueKind.Array ? axis[0].GetInt32() : axis.GetInt32();
            Require(name, over is -1 or 3 || (over == 1 && shape is { Height: 1, Width: 1 }), "a batch normalization is of channels, the last axis, here");
            Add(name, new BatchNorm(Math.Round(1 - config.GetProperty("momentum").GetDouble(), 12), config.GetProperty("epsilon").GetDouble()));
        }

        private static double Slope(JsonElement given) => given.ValueKind == JsonValueKind.Number ? Math.Round(given.GetDouble(), 7) : given.GetProperty("config").GetProperty("value").GetDouble();

        private static double? Number(JsonElement config, string name) =>
            config.ValueKind == JsonValueKind.Object && config.TryGetProperty(name, out JsonElement given) && given.ValueKind != JsonValueKind.Null ? Slope(given) : null;

        private void Require(string name, bool holds, string problem)
        {
            if (!holds)
            {
                throw Refused(name, problem);
            }
        }

        /// <summary>A setting: a word, or what Keras keeps of a function or a layer.</summary>
        private void Activation(string name, JsonElement given)
        {
            JsonElement config = given.ValueKind == JsonValueKind.Object ? given.GetProperty("config") : given;
            string activation = config.ValueKind == JsonValueKind.Object ? Text(given, "class_name") : config.GetString() ?? throw new JsonException(name);
            if (activation == "softmax")
            {
                ended = true;
            }
            else if (activation != "linear")
            {
                Require(name, TryActivation(name, activation, config), $"there is no activation like {activation} here");
            }
        }

        /// <summary>Adds what a layer's entry knows by this word or class; false where none does.</summary>
        private bool TryActivation(string name, string keras, JsonElement config)
        {
            KerasForm[] forms = [.. LayerKind.All.SelectMany(kind => kind.Keras).Where(form => form.Name == keras)];
            if (forms.Length > 0)
            {
                Layer? layer = forms.Select(form => form.Create(setting => Number(config, setting))).FirstOrDefault(made => made is not null);
                Add(name, layer ?? throw Refused(name, $"there is no {keras} with these settings here"));
            }
            return forms.Length > 0;
        }

        private void RequireChannelsLast(string name, JsonElement config)
        {
            if (config.TryGetProperty("data_format", out JsonElement format) && format.GetString() == "channels_first")
            {
                throw Refused(name, "channels_first is not read");
            }
        }

        private static bool Is(JsonElement config, string name, int value) => !config.TryGetProperty(name, out JsonElement given) || given.GetInt32() == value;

        private static (int, int) Pair(JsonElement config, string name)
        {
            JsonElement value = config.GetProperty(name);
            return value.ValueKind == JsonValueKind.Number ? (Int(value), Int(value)) : (Int(value[0]), Int(value[1]));
        }

        /// <summary>A size; one that no image and no layer has is taken for damage before anything is computed with it.</summary>
        private static int Int(JsonElement value) => value.GetInt32() is >= 0 and <= 1 << 20 and int size ? size : throw new FormatException(value.GetRawText());

        /// <summary>What Keras puts on each side so that there is an output for every stride.</summary>
        private static (int Before, int After) Same(int size, int kernel, int stride)
        {
            int total = Math.Max(0, ((((size + stride - 1) / stride) - 1) * stride) + kernel - size);
            return (total / 2, total - (total / 2));
        }

        private InvalidFileException Refused(string layer, string problem) => new(path, $"layer {layer}: {problem}");
    }
}
