using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>What NVIDIA's assembler makes of the kernels, and the document that says so.</summary>
public sealed class KernelsDocumentTests
{
    [Fact]
    public void No_kernel_spills_registers_or_needs_a_stack()
    {
        Ptxas.Require();
        Assert.Equal((GpuCompiler.Operations.Count + GpuCompiler.OfLayers.Count) * GpuCompiler.Targets.Count, Ptxas.Usages.Count);
        Assert.All(Ptxas.Usages, usage => Assert.True(usage.Value is { SpilledBytes: 0, StackBytes: 0 }, $"{usage.Key.Kernel} on {usage.Key.Target}: {usage.Value}"));
    }

    [Fact]
    public void Every_kernel_can_be_resident_and_products_keep_their_occupancy()
    {
        Ptxas.Require();
        Assert.All(Ptxas.Usages.Keys, key =>
        {
            double occupancy = KernelsDocument.Occupancy(key.Kernel, key.Target), floor = GpuCompiler.IsProduct(key.Kernel.Operation) ? KernelsDocument.ProductFloor : 0.5;
            Assert.True(occupancy >= floor, $"{key.Kernel} on {key.Target}: occupancy {occupancy:P0}, at least {floor:P0} is expected; {Ptxas.Usages[key]}");
        });
    }

    [Fact]
    public void The_document_says_what_the_assembler_says()
    {
        Ptxas.Require();
        string text = KernelsDocument.Create();
        if (Environment.GetEnvironmentVariable(KernelsDocument.WriteVariable) == "1")
        {
            File.WriteAllText(KernelsDocument.Path, text);
            return;
        }
        string kept = File.Exists(KernelsDocument.Path) ? File.ReadAllText(KernelsDocument.Path) : "";
        // Other versions give other numbers of registers; spills and occupancy are checked with each.
        Assert.SkipUnless(kept.Length == 0 || kept.Contains($"\n{KernelsDocument.VersionLine}.", StringComparison.Ordinal), $"docs/kernels.md was made with another version than {KernelsDocument.VersionLine}");
        Assert.True(kept == text, $"docs/kernels.md is out of date at its line {FirstDifference(kept, text)}; write it anew: {KernelsDocument.Command}");
    }

    /// <remarks>What is kept, not what a busy machine would measure now.</remarks>
    [Fact]
    public void The_kept_measurements_have_a_product_three_times_and_convolutions_twice_as_fast_as_the_textbooks()
    {
        using var measured = new KernelsMeasurements(KernelsDocument.Root);
        Assert.Single(measured.Ratios, ratio => ratio.Shape == "1024x1024x1024");
        Assert.Equal(10, measured.Ratios.Count(ratio => ratio.Op == nameof(Conv2dForward)));
        Assert.All(measured.Ratios, ratio => Assert.True(ratio.Times >= (ratio.Op == "Matrix product" ? 3 : ratio.Op == nameof(Conv2dForward) ? 2 : 0), $"{ratio}: {ratio.Times:0.00} times"));
    }

    [Fact]
    public void The_work_of_a_step_is_what_was_counted_by_hand()
    {
        var step = new StepWork(ModelZoo.Cnn1, 512);
        Assert.Equal(["gathering images", "conv1+relu+pool forward", "dense1 forward", "dense2 forward"], step.Forward.Select(w => w.Name));
        Assert.Equal([0L, 512L * 26 * 26 * 9 * 32, 512L * 5408 * 128, 512L * 128 * 10], step.Forward.Select(w => w.MultiplyAdds));
        Assert.Equal(4L * ((512 * 784) + 320 + (512 * 5408)) + (512 * 5408), step.Forward[1].Bytes);
        Assert.Equal(4L * ((512 * 5408) + 692_352 + (512 * 128)), step.Forward[2].Bytes);
        Assert.Equal(["conv1+relu+pool weight gradient", "dense1 weight gradient", "dense1 input gradient", "dense2 weight gradient", "dense2 input gradient", "Adam"], step.Backward.Select(w => w.Name));
        Assert.Equal(2.0 * 512 * 5408 * 128 / 67e12, step.Forward[2].Seconds(Gpu.H100), 1e-12);
        Assert.Equal(28.0 * 693_962 / 3.35e12, step.Backward[^1].Seconds(Gpu.H100), 1e-12);
    }

    private static int FirstDifference(string a, string b) => a.Split('\n').Zip(b.Split('\n')).TakeWhile(pair => pair.First == pair.Second).Count() + 1;
}
