using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>What a user may ask for and what is said when it cannot be had.</summary>
public sealed class ChoiceTests
{
    private static readonly AcceleratorInfo CpuInfo = new(AcceleratorKind.Cpu, 0, "CPU", 1, false);

    [Theory]
    [InlineData("auto", null, 0)]
    [InlineData("AUTO", null, 0)]
    [InlineData("cpu", AcceleratorKind.Cpu, 0)]
    [InlineData("Cpu:0", AcceleratorKind.Cpu, 0)]
    [InlineData("opencl", AcceleratorKind.OpenCL, 0)]
    [InlineData("OpenCL:12", AcceleratorKind.OpenCL, 12)]
    [InlineData("cuda:1", AcceleratorKind.Cuda, 1)]
    public void Reads(string text, AcceleratorKind? kind, int index)
    {
        var choice = AcceleratorChoice.Parse(text);
        Assert.Equal(new AcceleratorChoice(kind, index), choice);
        Assert.Equal(choice, AcceleratorChoice.Parse(choice.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" cpu")]
    [InlineData("gpu")]
    [InlineData("auto:0")]
    [InlineData("cpu:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:+1")]
    [InlineData("cuda:1.0")]
    [InlineData("cuda: 1")]
    [InlineData("cuda:1:2")]
    [InlineData("cuda:99999999999")]
    [InlineData(":1")]
    public void Refuses_in_one_line_that_quotes_the_text_and_names_the_forms(string text)
    {
        string message = Assert.Throws<AcceleratorException>(() => AcceleratorChoice.Parse(text)).Message;
        Assert.Equal($"'{text}' names no accelerator: give {AcceleratorChoice.Syntax}", message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Auto_takes_the_CUDA_GPU_with_the_most_memory_then_an_OpenCL_GPU_then_the_CPU()
    {
        AcceleratorInfo small = new(AcceleratorKind.Cuda, 0, "small", 1, true), large = new(AcceleratorKind.Cuda, 1, "large", 2, true);
        AcceleratorInfo gpu = new(AcceleratorKind.OpenCL, 1, "gpu", 9, true), pocl = new(AcceleratorKind.OpenCL, 0, "a CPU through OpenCL", 99, false);
        Assert.Same(large, new AcceleratorList([small, large, pocl, gpu, CpuInfo], []).Select(AcceleratorChoice.Auto));
        Assert.Same(gpu, new AcceleratorList([pocl, gpu, CpuInfo], []).Select(AcceleratorChoice.Auto));
        Assert.Same(CpuInfo, new AcceleratorList([pocl, CpuInfo], []).Select(AcceleratorChoice.Auto));
        Assert.Same(pocl, new AcceleratorList([pocl, gpu, CpuInfo], []).Select(AcceleratorChoice.Parse("opencl:0")));
    }

    [Fact]
    public void A_number_too_large_says_what_there_is()
    {
        var list = new AcceleratorList([new(AcceleratorKind.OpenCL, 0, "a", 1, true), new(AcceleratorKind.OpenCL, 1, "b", 1, true), CpuInfo], []);
        string message = Assert.Throws<AcceleratorException>(() => list.Select(AcceleratorChoice.Parse("opencl:7"))).Message;
        Assert.Equal("no accelerator 'opencl:7': this machine has 2 of that kind, the last is opencl:1", message);
    }

    [Fact]
    public void A_missing_kind_says_why()
    {
        var list = new AcceleratorList([CpuInfo], [new(AcceleratorKind.Cuda, "no driver"), new(AcceleratorKind.OpenCL, "no loader")]);
        string message = Assert.Throws<AcceleratorException>(() => list.Select(AcceleratorChoice.Parse("cuda"))).Message;
        Assert.Equal("no accelerator 'cuda:0': no driver; 'gpucnn devices' lists what there is", message);
    }

    [Fact]
    public void The_catalogue_has_the_CPU_and_a_reason_for_every_kind_that_is_missing()
    {
        AcceleratorList list = Machine.Found;
        Assert.Contains(list.Found, a => a is { Id: "cpu:0", Kind: AcceleratorKind.Cpu, IsGpu: false, MemoryBytes: > 0 });
        foreach (AcceleratorKind kind in Enum.GetValues<AcceleratorKind>())
        {
            Assert.True(Machine.Has(kind) || Machine.ReasonFor(kind).Length > 0, $"{kind} is missing without a reason");
            int count = list.Found.Count(a => a.Kind == kind);
            string text = $"{AcceleratorChoice.NameOf(kind)}:{count + 6}";
            string message = Assert.Throws<AcceleratorException>(() => AcceleratorCatalog.Open(AcceleratorChoice.Parse(text))).Message;
            Assert.StartsWith($"no accelerator '{text}': ", message, StringComparison.Ordinal);
            Assert.Contains(count > 0 ? $"this machine has {count}" : Machine.ReasonFor(kind), message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
        Assert.All(list.Missing, m => Assert.False(m.Reason.EndsWith('.') || m.Reason.Contains('\n', StringComparison.Ordinal)));
    }

    [Fact]
    public void The_JIT_uses_the_vector_width_that_this_run_was_started_for()
    {
        string? expected = Environment.GetEnvironmentVariable("GPUCNN_EXPECT_VECTOR_BITS");
        TestContext.Current.TestOutputHelper?.WriteLine(CpuFeatures.Name);
        Assert.True(expected is null || expected == $"{CpuFeatures.VectorBits}", $"{CpuFeatures.VectorBits} bits, not the {expected} of GPUCNN_EXPECT_VECTOR_BITS");
        Assert.Contains(CpuFeatures.Name, TestDevices.Cpu(2).Info.Name, StringComparison.Ordinal);
    }
}
