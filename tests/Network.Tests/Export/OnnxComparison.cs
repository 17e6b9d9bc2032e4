using GpuCnn.Kernels.Tests;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Exported files run by ONNX Runtime, beside the models that they were made of.</summary>
internal static class OnnxComparison
{
    /// <summary>Requires ONNX Runtime's logits and probabilities to be ours, within 1e-5 of the largest logit, for batches of several sizes.</summary>
    /// <param name="file">The file.</param>
    /// <param name="model">The model.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="images">Images, of which each batch takes the last.</param>
    /// <param name="batches">Sizes of batches.</param>
    public static void RequireSame(string file, ModelDefinition model, IReadOnlyList<WeightTensor> weights, ImageSet images, params int[] batches)
    {
        using var session = new InferenceSession(file);
        foreach (int batch in batches)
        {
            ImageSet some = images.Slice(images.Count - batch, batch);
            IReadOnlyList<Prediction> expected = Predict(model, weights, some);
            var pixels = new DenseTensor<byte>(ChannelsFirst(some), [batch, model.Input.Channels, model.Input.Height, model.Input.Width]);
            using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run([NamedOnnxValue.CreateFromTensor("pixels", pixels)]);
            Tensor<float> logits = outputs.Single(output => output.Name == "logits").AsTensor<float>(), probabilities = outputs.Single(output => output.Name == "probabilities").AsTensor<float>();
            Assert.Equal([batch, model.Classes], logits.Dimensions.ToArray());
            float[] ours = [.. expected.SelectMany(prediction => prediction.Logits)], theirs = [.. logits];
            double bound = 1e-5 * ours.Max(Math.Abs);
            for (int i = 0; i < ours.Length; i++)
            {
                Assert.True(Math.Abs((double)ours[i] - theirs[i]) <= bound, $"{model.Name}, batch {batch}: logit {i} is {ours[i]}, ONNX Runtime has {theirs[i]}");
                Assert.Equal(expected[i / model.Classes].Probabilities[i % model.Classes], probabilities.GetValue(i), 1e-5);
            }
        }
    }

    /// <summary>What a network says of images.</summary>
    public static IReadOnlyList<Prediction> Predict(ModelDefinition model, IReadOnlyList<WeightTensor> weights, ImageSet images)
    {
        using var classifier = new Classifier(new TrainedModel(model, weights), TestDevices.Cpu(2));
        return classifier.Predict(images);
    }

    private static byte[] ChannelsFirst(ImageSet images)
    {
        (int channels, int area) = (images.Shape.Channels, images.Shape.Height * images.Shape.Width);
        return [.. Enumerable.Range(0, images.Pixels.Length).Select(i => images.Pixels.Span[(((i / (area * channels) * area) + (i % area)) * channels) + (i / area % channels)])];
    }
}
