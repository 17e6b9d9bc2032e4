namespace GpuCnn;

/// <summary>Models for other images and classes than they were described for.</summary>
public static class ModelFitting
{
    /// <summary>The same layers for images of another shape and another number of classes; the last layer, a dense one, gets as many units.</summary>
    /// <param name="model">The model.</param>
    /// <param name="input">The shape of an image.</param>
    /// <param name="classes">The number of classes, at least 1.</param>
    /// <returns>The model itself when it fits already.</returns>
    /// <exception cref="ModelException">The layers do not fit such images, or the last layer is not dense.</exception>
    public static ModelDefinition Fit(this ModelDefinition model, TensorShape input, int classes)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Input == input && model.Classes == classes)
        {
            return model;
        }
        if (model.Classes == classes)
        {
            return new ModelDefinition(model.Name, input, model.Recipe, model.Layers);
        }
        return model.Layers[^1] is Dense last
            ? new ModelDefinition(model.Name, input, model.Recipe, [.. model.Layers.SkipLast(1), last with { Units = classes }])
            : throw new ModelException($"model {model.Name}: its last layer is {model.Layers[^1].Kind}, so it cannot be given {classes} classes; end with a dense layer");
    }
}
