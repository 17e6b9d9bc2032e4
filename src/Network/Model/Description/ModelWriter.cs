using System.Text.Json;

namespace GpuCnn;

/// <summary>Writes a model's description.</summary>
internal sealed class ModelWriter(Utf8JsonWriter json, bool figures)
{
    private int next;

    public void Write(ModelDefinition model)
    {
        json.WriteStartObject();
        json.WriteString("name", model.Name);
        Write("input", model.Input);
        json.WriteNumber("epochs", model.Epochs);
        WriteRecipe(model);
        if (figures)
        {
            json.WriteNumber("classes", model.Classes);
            json.WriteNumber("parameters", model.ParameterCount);
            json.WriteNumber("multiply_adds", model.MultiplyAdds);
        }
        Write("layers", model.Layers, model);
        json.WriteEndObject();
    }

    /// <summary>A model without a recipe of its own has none in its description, so that older versions can read it too.</summary>
    private void WriteRecipe(ModelDefinition model)
    {
        (TrainingOption Option, object Value)[] recipe = [.. TrainingOption.Differing(model.Recipe)];
        if (recipe.Length == 0)
        {
            return;
        }
        json.WriteStartObject("recipe");
        foreach ((TrainingOption option, object value) in recipe)
        {
            ValueRange.Write(json, option.Name, value);
        }
        json.WriteEndObject();
    }

    private void Write(string name, IReadOnlyList<Layer> layers, ModelDefinition model)
    {
        json.WriteStartArray(name);
        foreach (Layer layer in layers)
        {
            (LayerKind kind, SettingValues values) = LayerKind.Of(layer);
            json.WriteStartObject();
            json.WriteString("kind", kind.Name);
            foreach ((string setting, object value) in values.All)
            {
                Write(setting, value, model);
            }
            WriteFigures(model.Nodes[next++]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void Write(string name, object value, ModelDefinition model)
    {
        switch (value)
        {
            case (int height, int width) when height == width:
                json.WriteNumber(name, height);
                break;
            case (int height, int width):
                json.WriteStartArray(name);
                json.WriteNumberValue(height);
                json.WriteNumberValue(width);
                json.WriteEndArray();
                break;
            case IReadOnlyList<Layer> layers:
                Write(name, layers, model);
                break;
            default:
                ValueRange.Write(json, name, value);
                break;
        }
    }

    private void WriteFigures(LayerNode layer)
    {
        if (!figures)
        {
            return;
        }
        json.WriteString("name", layer.Name);
        Write("output", layer.Output);
        json.WriteNumber("parameters", layer.ParameterCount);
        json.WriteNumber("multiply_adds", layer.MultiplyAdds);
    }

    private void Write(string name, TensorShape shape)
    {
        json.WriteStartArray(name);
        json.WriteNumberValue(shape.Channels);
        json.WriteNumberValue(shape.Height);
        json.WriteNumberValue(shape.Width);
        json.WriteEndArray();
    }
}
