using System.Reflection;
using GpuCnn.Kernels;
using GpuCnn.Kernels.Tests;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>A device that fails during a training: exit 1, one line, and what earlier epochs wrote is whole.</summary>
public sealed class DeviceFailureTests(TinyData tiny) : IClassFixture<TinyData>
{
    [Theory]
    [InlineData(nameof(DeviceActivity.Launch), 1)]
    [InlineData(nameof(DeviceActivity.Launch), 20)]
    [InlineData(nameof(DeviceActivity.Copy), 1)]
    [InlineData(nameof(DeviceActivity.Copy), 5)]
    public void On_the_CPU(string activity, int number) => FailAfterFirstEpoch("cpu", activity, number, new InsufficientMemoryException(), "out of memory", "--batch-size");

    [OpenCLTheory]
    [InlineData(nameof(DeviceActivity.Launch), 1, CLError.CL_OUT_OF_RESOURCES, "the device failed when launching", "dmesg")]
    [InlineData(nameof(DeviceActivity.Launch), 33, CLError.CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE", "--accelerator cpu")]
    [InlineData(nameof(DeviceActivity.Launch), 9, CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE, "out of memory when launching", "--batch-size")]
    [InlineData(nameof(DeviceActivity.Copy), 1, CLError.CL_INVALID_COMMAND_QUEUE, "the device failed when copying", "dmesg")]
    [InlineData(nameof(DeviceActivity.Copy), 4, CLError.CL_OUT_OF_RESOURCES, "the device failed when copying", "dmesg")]
    [InlineData(nameof(DeviceActivity.Wait), 1, CLError.CL_DEVICE_NOT_AVAILABLE, "the device failed when waiting", "dmesg")]
    public void On_OpenCL(string activity, int number, CLError error, string problem, string remedy) =>
        FailAfterFirstEpoch("opencl", activity, number, new CLException(error), problem, remedy);

    [OpenCLTheory]
    [InlineData(nameof(DeviceActivity.Load), 4, null)]
    [InlineData(nameof(DeviceActivity.Load), 5, "its driver does not take the kernels (loading ")]
    [InlineData(nameof(DeviceActivity.Open), 4, null)]
    [InlineData(nameof(DeviceActivity.Open), 5, "it does not start (CL_BUILD_PROGRAM_FAILURE)")]
    public void A_program_that_is_not_built_is_tried_four_times_more(string activity, int failures, string? problem)
    {
        DeviceActivity failing = Enum.Parse<DeviceActivity>(activity);
        int seen = 0;
        CommandRun run = Train("opencl", tiny.New("run"), now => now == failing && ++seen <= failures ? new CLException(CLError.CL_BUILD_PROGRAM_FAILURE) : null);
        Assert.Equal(problem is null ? 0 : 1, run.ExitCode);
        Assert.Contains(problem ?? "", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Machine.Accelerators), MemberType = typeof(Machine))]
    public void A_device_that_does_not_start_is_a_failure_and_not_a_wrong_flag(string accelerator)
    {
        string folder = tiny.New("run");
        CommandRun run = Train(accelerator, folder, activity => activity == DeviceActivity.Open ? new CLException(CLError.CL_DEVICE_NOT_AVAILABLE) : null);
        AssertOneLine(run, $"{accelerator}:0", "does not start", "CL_DEVICE_NOT_AVAILABLE", "driver");
        Assert.False(Path.Exists(folder));
    }

    [Fact]
    public void Memory_that_cannot_be_had_ends_a_run_before_its_folder_is_made()
    {
        for (int number = 1; number <= 12; number++)
        {
            string folder = tiny.New("run");
            int allocations = 0;
            CommandRun run = Train("cpu", folder, activity => activity == DeviceActivity.Allocate && ++allocations == number ? new InsufficientMemoryException() : null);
            AssertOneLine(run, "cpu:0", "out of memory when allocating", "--batch-size");
            Assert.False(Path.Exists(folder));
        }
    }

    [Theory]
    [InlineData("CUDA_ERROR_OUT_OF_MEMORY", nameof(DeviceActivity.Launch), "smaller --batch-size")]
    [InlineData("CUDA_ERROR_INVALID_PTX", nameof(DeviceActivity.Load), "update the driver")]
    [InlineData("222", nameof(DeviceActivity.Load), "update the driver")]
    [InlineData("CUDA_ERROR_ILLEGAL_ADDRESS", nameof(DeviceActivity.Copy), "nvidia-smi")]
    [InlineData("CUDA_ERROR_LAUNCH_FAILED", nameof(DeviceActivity.Wait), "--accelerator cpu")]
    public void CUDA_s_errors_have_their_remedies(string code, string activity, string remedy)
    {
        var exception = new CudaException("the driver's words");
        typeof(CudaException).GetField("<Error>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(exception, code);
        string line = DeviceFailure.Explain(new AcceleratorInfo(AcceleratorKind.Cuda, 0, "GPU", 1, true), Enum.Parse<DeviceActivity>(activity), "Adam", exception);
        Assert.Contains(code, line, StringComparison.Ordinal);
        Assert.Contains(remedy, line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    private void FailAfterFirstEpoch(string accelerator, string activity, int number, Exception failure, string problem, string remedy)
    {
        string folder = tiny.New("run"), results = Path.Combine(folder, "results.csv");
        DeviceActivity failing = Enum.Parse<DeviceActivity>(activity);
        int seen = 0;
        bool written = false;
        CommandRun run = Train(accelerator, folder, (now, shown) =>
        {
            // The training says that an epoch is done before its row is written: a writer that is held up for two epochs would leave no moment with one row.
            if (!written && shown.Contains("  1/3  ", StringComparison.Ordinal))
            {
                written = SpinWait.SpinUntil(() => File.Exists(results) && Rows(results) == 2, Pipe.Patience);
            }
            return now == failing && written && ++seen >= number ? failure : null;
        });
        AssertOneLine(run, $"{accelerator}:0", problem, remedy);
        Assert.Equal(number, seen);
        Assert.Equal(2, Rows(results));
        Assert.True(File.ReadAllLines(Path.Combine(folder, "steps.csv")).Length > 12);
        foreach (string name in (string[])["best", "last"])
        {
            ModelZoo.Cnn1.Match(WeightsFile.Load(Path.Combine(folder, "weights", $"{name}.safetensors")));
        }
        Assert.Empty(Directory.EnumerateFiles(folder, "*.tmp", SearchOption.AllDirectories));
    }

    private CommandRun Train(string accelerator, string folder, Func<DeviceActivity, Exception?> fails) => Train(accelerator, folder, (activity, _) => fails(activity));

    /// <summary>Trains for three epochs, with an exception where the function of an activity and of what the training has shown so far gives one.</summary>
    private CommandRun Train(string accelerator, string folder, Func<DeviceActivity, string, Exception?> fails)
    {
        var shown = new StringWriter();
        Device.Interceptor.Value = activity =>
        {
            if (fails(activity, shown.ToString()) is { } failure)
            {
                throw failure;
            }
        };
        try
        {
            return CommandRun.Of(new Host(shown, new StringWriter()), "train", "--data", tiny.Data, "--accelerator", accelerator, "--epochs", "3", "--batch-size", "20", "--output", folder, "--progress", "plain");
        }
        finally
        {
            Device.Interceptor.Value = null;
        }
    }

    private static void AssertOneLine(CommandRun run, params string[] parts)
    {
        Assert.Equal(1, run.ExitCode);
        string line = Assert.Single(run.ErrorLines);
        Assert.All(parts, part => Assert.True(line.Contains(part, StringComparison.Ordinal), $"'{part}' is not in: {line}"));
    }

    /// <summary>The lines of a file that a training may be writing.</summary>
    private static int Rows(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Count(c => c == '\n');
    }
}
