using BenchmarkDotNet.Attributes;

namespace GpuCnn.Benchmarks.Operations;

/// <summary>An operation that TorchSharp has not: the textbook's loops on one thread, ours on all.</summary>
/// <param name="op">The operation's name in the table of cases.</param>
public abstract class OwnBenchmark(string op)
{
    private static readonly Lazy<Device> Cpu = new(() => AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), CpuPeak.Threads));

    private KernelCase? one;

    /// <summary>The operation's shapes in the three models.</summary>
    public IEnumerable<string> Shapes => CaseTable.OfOp(op).Select(entry => entry.Shape);

    /// <summary>The batches; an optimizer has none.</summary>
    public IEnumerable<int> Batches => CaseTable.OfOp(op).All(entry => entry.HasBatch) ? CaseTable.Batches : [1];

    /// <summary>The shape.</summary>
    [ParamsSource(nameof(Shapes))]
    public string Shape { get; set; } = "";

    /// <summary>N.</summary>
    [ParamsSource(nameof(Batches))]
    public int Batch { get; set; }

    private protected KernelCase One => one!;

    /// <summary>Makes the operands.</summary>
    [GlobalSetup(Target = nameof(Naive))]
    public void Open()
    {
        one = CaseTable.Find(op, Shape).Create(Batch);
        one.Open(Cpu.Value);
    }

    /// <summary>Makes the operands and compares ours with the textbook's.</summary>
    [GlobalSetup(Target = nameof(GpuCnn))]
    public void OpenOurs()
    {
        Open();
        One.Check();
    }

    /// <summary>Frees the operands.</summary>
    [GlobalCleanup]
    public virtual void Close() => one?.Dispose();

    /// <summary>Plain loops.</summary>
    [Benchmark(Baseline = true)]
    public void Naive() => One.Naive();

    /// <summary>Ours.</summary>
    [Benchmark]
    public void GpuCnn() => One.Run();
}

/// <summary>An operation that TorchSharp has too, which runs on all threads.</summary>
/// <param name="op">The operation's name in the table of cases.</param>
public abstract class OpBenchmark(string op) : OwnBenchmark(op)
{
    private TorchPeer? torch;

    /// <summary>Makes the operands and compares TorchSharp's with the textbook's.</summary>
    [GlobalSetup(Target = nameof(TorchSharp))]
    public void OpenTorch()
    {
        Open();
        torch = TorchPeer.Of(One);
        One.Check(torch.Run, torch.Differences);
    }

    /// <inheritdoc/>
    public override void Close()
    {
        torch?.Dispose();
        base.Close();
    }

    /// <summary>libtorch's.</summary>
    [Benchmark]
    public void TorchSharp() => torch!.Run();
}

/// <summary>A matrix product, which MathNet.Numerics has too.</summary>
/// <param name="op">The operation's name in the table of cases.</param>
public abstract class ProductBenchmark(string op) : OpBenchmark(op)
{
    private MathNetPeer? peer;

    /// <summary>Makes the operands and compares MathNet's product with the textbook's.</summary>
    [GlobalSetup(Target = nameof(MathNet))]
    public void OpenMathNet()
    {
        Open();
        peer = new MathNetPeer((DenseCase)One);
        One.Check(peer.Run, peer.Differences);
    }

    /// <summary>The managed product of MathNet.Numerics, without bias and ReLU.</summary>
    [Benchmark]
    public void MathNet() => peer!.Run();
}
