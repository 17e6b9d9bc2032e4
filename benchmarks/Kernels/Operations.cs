namespace GpuCnn.Benchmarks.Operations;

/// <summary>A step of Adam.</summary>
public class Adam() : OpBenchmark(nameof(Adam));

/// <summary>Mean loss and hits of a batch.</summary>
public class BatchMetrics() : OpBenchmark(nameof(BatchMetrics));

/// <summary>Convolution, bias, ReLU, pooling.</summary>
public class Conv2dForward() : OpBenchmark(nameof(Conv2dForward));

/// <summary>Gradient of a convolution's input.</summary>
public class Conv2dInputGradient() : OpBenchmark(nameof(Conv2dInputGradient));

/// <summary>Gradient of a convolution's weight and bias.</summary>
public class Conv2dWeightGradient() : OpBenchmark(nameof(Conv2dWeightGradient));

/// <summary>Dense layer.</summary>
public class DenseForward() : ProductBenchmark(nameof(DenseForward));

/// <summary>Gradient of a dense layer's input.</summary>
public class DenseInputGradient() : ProductBenchmark(nameof(DenseInputGradient));

/// <summary>Gradient of a dense layer's weight and bias.</summary>
public class DenseWeightGradient() : ProductBenchmark(nameof(DenseWeightGradient));

/// <summary>Dropout, forward and backward.</summary>
public class Dropout() : OpBenchmark(nameof(Dropout));

/// <summary>A batch from the bytes of images.</summary>
public class GatherImages() : OpBenchmark(nameof(GatherImages));

/// <summary>Max-pooling of its own.</summary>
public class MaxPool2d() : OpBenchmark(nameof(MaxPool2d));

/// <summary>Gradient of max-pooling.</summary>
public class MaxPool2dGradient() : OpBenchmark(nameof(MaxPool2dGradient));

/// <summary>ReLU of its own.</summary>
public class Relu() : OpBenchmark(nameof(Relu));

/// <summary>Gradient of ReLU.</summary>
public class ReluGradient() : OpBenchmark(nameof(ReluGradient));

/// <summary>A step of descent with momentum.</summary>
public class SgdMomentum() : OpBenchmark(nameof(SgdMomentum));

/// <summary>Loss, classes and gradient of the logits.</summary>
public class SoftmaxCrossEntropy() : OpBenchmark(nameof(SoftmaxCrossEntropy));

/// <summary>Partial sums added up.</summary>
public class SumRows() : OpBenchmark(nameof(SumRows));
