using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Models for other images and classes.</summary>
public sealed class ModelFittingTests
{
    [Fact]
    public void A_model_takes_other_images_and_classes()
    {
        Assert.Same(ModelZoo.Cnn1, ModelZoo.Cnn1.Fit(new TensorShape(1, 28, 28), 10));
        ModelDefinition fitted = ModelZoo.Cnn2.Fit(new TensorShape(3, 40, 36), 47);
        Assert.Equal(("cnn2", new TensorShape(3, 40, 36), 47, 20), (fitted.Name, fitted.Input, fitted.Classes, fitted.Epochs));
        Assert.Equal([32, 3, 3, 3], fitted.Parameters[0].Shape);
        Assert.Equal([47, 128], fitted.Parameters[^2].Shape);
        Assert.Equal(ModelZoo.Cnn2.Layers.SkipLast(1), fitted.Layers.SkipLast(1));
    }

    [Fact]
    public void Images_that_are_too_small_and_other_ends_are_refused()
    {
        Assert.Contains("conv", Assert.Throws<ModelException>(() => ModelZoo.Cnn3.Fit(new TensorShape(1, 2, 28), 10)).Message, StringComparison.Ordinal);
        var pooled = new ModelDefinition("p", new TensorShape(3, 2, 2), 1, new MaxPool2d(2));
        Assert.Contains("its last layer is", Assert.Throws<ModelException>(() => pooled.Fit(new TensorShape(3, 2, 2), 4)).Message, StringComparison.Ordinal);
    }
}
