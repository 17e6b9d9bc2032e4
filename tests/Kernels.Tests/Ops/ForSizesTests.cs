using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Convolutions compiled for the sizes of their layer.</summary>
public abstract class ForSizesTests<TDevice, TForSizes> where TDevice : ITestDevice where TForSizes : ITestDevice
{
    /// <summary>With pooling and without; channels and filters in fours and not; windows in the padding, phases of a stride without a tap, slices; few taps, whose weight gradient has a body of
    /// its own; without a bias. Each is three programs to build.</summary>
    private static readonly ConvCase[] Sizes = [ConvCase.WithPool[0], ConvCase.WithPool[15], ConvCase.WithPool[^2], ConvCase.Plain[^1], ConvCase.Plain[11], ConvCase.Plain[12]];

    public static IEnumerable<TheoryDataRow<OpCase>> Cases =>
        from cases in new[] { Conv2dForwardCases.All, Conv2dInputGradientCases.All, Conv2dWeightGradientCases.All }
        from test in cases
        where test.Work <= OpCase.LargestWork && Sizes.Any(c => c.ToString() == test.Name)
        select new TheoryDataRow<OpCase>(test);

    [DeviceTheory]
    [MemberData(nameof(Cases))]
    public void They_match_the_reference_and_have_the_bits_of_those_for_all_sizes(OpCase test)
    {
        foreach (int before in Trial.Places)
        {
            using var general = new Trial(TDevice.Open(), test, before: before);
            test.Run(general);
            using var trial = new Trial(TForSizes.Open(), test, before: before);
            test.Run(trial);
            trial.CheckMemory();
            foreach ((Operand a, Operand b) in general.Operands.Zip(trial.Operands))
            {
                Assert.True(a.Bits().AsSpan().SequenceEqual(b.Bits()), $"{a.Name} of {trial.Title} differs in bits when compiled for these sizes");
            }
        }
    }

    [DeviceFact]
    public void A_layer_is_compiled_once_whatever_its_batch()
    {
        int loads = 0;
        using Device device = Intercepted(activity => loads += activity == DeviceActivity.Load ? 1 : 0);
        var one = new Conv2dShape(1, 6, 7, 2, 3, 3);
        var other = new Conv2dShape(1, 6, 7, 2, 3, 3, padding: 1);
        Launch(device, one, 1);
        Launch(device, one, 5);
        Assert.Equal(1, loads);
        Launch(device, other, 1);
        Launch(device, one, 2);
        Launch(device, other, 3);
        Assert.Equal(2, loads);
        device.CompilesForSizes = false;
        Launch(device, one, 1);
        Launch(device, other, 1);
        Assert.Equal(3, loads);
    }

    [DeviceFact]
    public void A_layer_that_the_driver_does_not_take_is_named()
    {
        using Device device = Intercepted(activity =>
        {
            if (activity == DeviceActivity.Load)
            {
                throw new InvalidOperationException("planted");
            }
        });
        DeviceException exception = Assert.Throws<DeviceException>(() => Launch(device, new Conv2dShape(1, 6, 7, 2, 3, 3), 1));
        Assert.Contains("loading Conv2dForward: planted", exception.Message, StringComparison.Ordinal);
    }

    private static Device Intercepted(Action<DeviceActivity> intercept)
    {
        TForSizes.Open();
        Device.Interceptor.Value = intercept;
        Device device = AcceleratorCatalog.Open(new AcceleratorChoice(TForSizes.Kind, 0));
        Device.Interceptor.Value = null;
        device.CompilesForSizes = true;
        return device;
    }

    private static void Launch(Device device, Conv2dShape shape, int batch)
    {
        using DeviceBuffer<float> input = device.Allocate<float>(batch * shape.InputCount), parameters = device.Allocate<float>(shape.ParameterCount), output = device.Allocate<float>(batch * shape.OutputCount);
        Conv2dForward.Run(device, shape, input.View, parameters.View, output.View, default, batch);
        device.Synchronize();
    }
}

public sealed class ForSizesOnOpenCL : ForSizesTests<OpenCL, OpenCLForSizes>;

public sealed class ForSizesOnCuda : ForSizesTests<Cuda, CudaForSizes>;
