namespace GpuCnn;

/// <summary>The models that come with the library.</summary>
public static class ModelZoo
{
    /// <summary>Conv 32 3x3; Dense 128: 693,962 parameters.</summary>
    public static ModelDefinition Cnn1 { get; } = new("cnn1", new TensorShape(1, 28, 28), 10,
        new Conv2d(32, 3, 3), new Relu(), new MaxPool2d(2),
        new Flatten(), new Dense(128), new Relu(), new Dense(10));

    /// <summary>Two convolutions and four dense layers: 159,882 parameters.</summary>
    public static ModelDefinition Cnn2 { get; } = new("cnn2", new TensorShape(1, 28, 28), 20,
        new Conv2d(32, 3, 3), new Relu(), new MaxPool2d(2),
        new Conv2d(64, 3, 3, 2, 1), new Relu(), new MaxPool2d(2),
        new Flatten(), new Dense(128), new Relu(), new Dropout(0.25), new Dense(256), new Relu(), new Dropout(0.25),
        new Dense(128), new Relu(), new Dense(10));

    /// <summary>Three convolutions and five dense layers: 289,610 parameters.</summary>
    public static ModelDefinition Cnn3 { get; } = new("cnn3", new TensorShape(1, 28, 28), 50,
        new Conv2d(64, 3, 3), new Relu(), new MaxPool2d(2),
        new Conv2d(128, 3, 3, 2, 1), new Relu(), new MaxPool2d(2),
        new Conv2d(64, 3, 3, 2, 1), new Relu(), new MaxPool2d(2),
        new Flatten(), new Dense(128), new Relu(), new Dropout(0.25), new Dense(256), new Relu(), new Dropout(0.5),
        new Dense(256), new Relu(), new Dropout(0.25), new Dense(128), new Relu(), new Dropout(0.1), new Dense(10));

    /// <summary>The most accurate: six convolutions with batch normalizations, two of them in a residual block, and a recipe of its own; 93,898 parameters.</summary>
    /// <remarks>Max-pooling comes before the normalization: convolution, ReLU and pooling are then one operation, and three of four gradients in front of it are zero.</remarks>
    public static ModelDefinition Small { get; } = new("small", new TensorShape(1, 28, 28),
        new TrainingOptions
        {
            Epochs = 36,
            BatchSize = 256,
            Optimizer = new AdamW(),
            LearningRate = 0.005,
            Schedule = new OneCycleSchedule { Rise = 0.2 },
            WeightDecay = 0.02,
            Augmentation = new Augmentation(Shift: 1, Flip: true),
            ValidationSplit = 0.1,
        },
        new Conv2d(32, 5, 5, 1, 2), new Relu(), new MaxPool2d(2), new BatchNorm(),
        new Residual(new Conv2d(32, 3, 3, 1, 1, Bias: false), new BatchNorm(), new Relu(), new Conv2d(32, 3, 3, 1, 1, Bias: false), new BatchNorm()), new Relu(),
        new Conv2d(64, 3, 3, 1, 1), new Relu(), new MaxPool2d(2), new BatchNorm(),
        new Conv2d(64, 3, 3, 1, 1, Bias: false), new BatchNorm(), new Relu(),
        new Conv2d(32, 3, 3, 1, 1, Bias: false), new BatchNorm(), new Relu(),
        new GlobalAveragePool(), new Dense(10));

    /// <summary>The configurations that come with the library.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } = [Cnn1, Cnn2, Cnn3, Small];

    /// <summary>The configuration of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ModelException">No model has that name.</exception>
    public static ModelDefinition Find(string name) => All.FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ModelException($"no model '{name}': there are {string.Join(", ", All.Select(model => model.Name))}");
}
