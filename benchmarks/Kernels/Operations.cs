namespace GpuCnn.Benchmarks.Operations;

/// <summary>A step of Adam.</summary>
public class Adam() : OpBenchmark(nameof(Adam));

/// <summary>A step of AdamW, with decay of a half of the parameters and scaled gradients.</summary>
public class AdamW() : OpBenchmark(nameof(AdamW));

/// <summary>The sum at the end of a residual block, with ReLU.</summary>
public class Add() : OpBenchmark(nameof(Add));

/// <summary>A batch of images shifted, mirrored and partly erased.</summary>
public class AugmentImages() : OwnBenchmark(nameof(AugmentImages));

/// <summary>Average-pooling, the global one too.</summary>
public class AveragePool2d() : OpBenchmark(nameof(AveragePool2d));

/// <summary>Gradient of average-pooling.</summary>
public class AveragePool2dGradient() : OpBenchmark(nameof(AveragePool2dGradient));

/// <summary>Mean loss and hits of a batch.</summary>
public class BatchMetrics() : OpBenchmark(nameof(BatchMetrics));

/// <summary>Batch normalization of a training step.</summary>
public class BatchNorm() : OpBenchmark(nameof(BatchNorm));

/// <summary>Gradients of batch normalization: of weight, bias and input.</summary>
public class BatchNormGradient() : OpBenchmark(nameof(BatchNormGradient));

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

/// <summary>ELU.</summary>
public class Elu() : OpBenchmark(nameof(Elu));

/// <summary>Gradient of ELU.</summary>
public class EluGradient() : OpBenchmark(nameof(EluGradient));

/// <summary>A batch from the bytes of images.</summary>
public class GatherImages() : OpBenchmark(nameof(GatherImages));

/// <summary>GELU.</summary>
public class Gelu() : OpBenchmark(nameof(Gelu));

/// <summary>Gradient of GELU.</summary>
public class GeluGradient() : OpBenchmark(nameof(GeluGradient));

/// <summary>The norm of all gradients, and by how much a bound scales them.</summary>
public class GradientClip() : OpBenchmark(nameof(GradientClip));

/// <summary>HardSwish.</summary>
public class HardSwish() : OpBenchmark(nameof(HardSwish));

/// <summary>Gradient of HardSwish.</summary>
public class HardSwishGradient() : OpBenchmark(nameof(HardSwishGradient));

/// <summary>LeakyReLU.</summary>
public class LeakyRelu() : OpBenchmark(nameof(LeakyRelu));

/// <summary>Gradient of LeakyReLU.</summary>
public class LeakyReluGradient() : OpBenchmark(nameof(LeakyReluGradient));

/// <summary>Max-pooling of its own.</summary>
public class MaxPool2d() : OpBenchmark(nameof(MaxPool2d));

/// <summary>Gradient of max-pooling.</summary>
public class MaxPool2dGradient() : OpBenchmark(nameof(MaxPool2dGradient));

/// <summary>A step of the average of all parameters.</summary>
public class MovingAverage() : OpBenchmark(nameof(MovingAverage));

/// <summary>ReLU of its own.</summary>
public class Relu() : OpBenchmark(nameof(Relu));

/// <summary>ReLU6.</summary>
public class Relu6() : OpBenchmark(nameof(Relu6));

/// <summary>Gradient of ReLU6.</summary>
public class Relu6Gradient() : OpBenchmark(nameof(Relu6Gradient));

/// <summary>Gradient of ReLU.</summary>
public class ReluGradient() : OpBenchmark(nameof(ReluGradient));

/// <summary>A step of descent with momentum, decay of a half of the parameters and scaled gradients.</summary>
public class SgdDecay() : OpBenchmark(nameof(SgdDecay));

/// <summary>A step of descent with momentum.</summary>
public class SgdMomentum() : OpBenchmark(nameof(SgdMomentum));

/// <summary>The logistic function.</summary>
public class Sigmoid() : OpBenchmark(nameof(Sigmoid));

/// <summary>Gradient of the logistic function.</summary>
public class SigmoidGradient() : OpBenchmark(nameof(SigmoidGradient));

/// <summary>SiLU.</summary>
public class Silu() : OpBenchmark(nameof(Silu));

/// <summary>Gradient of SiLU.</summary>
public class SiluGradient() : OpBenchmark(nameof(SiluGradient));

/// <summary>Loss, classes and gradient of the logits.</summary>
public class SoftmaxCrossEntropy() : OpBenchmark(nameof(SoftmaxCrossEntropy));

/// <summary>Partial sums added up.</summary>
public class SumRows() : OpBenchmark(nameof(SumRows));

/// <summary>The hyperbolic tangent.</summary>
public class Tanh() : OpBenchmark(nameof(Tanh));

/// <summary>Gradient of the hyperbolic tangent.</summary>
public class TanhGradient() : OpBenchmark(nameof(TanhGradient));
