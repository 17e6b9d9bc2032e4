using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuCnn.Benchmarks.Gpu;

/// <summary>cuBLAS (FP32, no tensor cores) beside our matrix products, on the same device, one after the other.</summary>
internal static class CuBlasBesideOurs
{
    /// <summary>Measures it, or says why not.</summary>
    /// <param name="info">The device.</param>
    /// <param name="size">Rows and columns of a square product.</param>
    /// <param name="batches">Batches of the dense layers.</param>
    /// <param name="budget">Seconds for one thing.</param>
    public static object Measure(AcceleratorInfo info, int size, IReadOnlyList<int> batches, double budget)
    {
        string? missing = info.Kind == AcceleratorKind.Cuda ? null : "cuBLAS runs on CUDA devices only";
        if (missing is null)
        {
            try
            {
                return Products(info, size, batches, budget);
            }
            catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or CuBlasException or NotSupportedException or TypeInitializationException)
            {
                missing = (exception.InnerException ?? exception).Message.Split('\n', 2)[0];
            }
        }
        Console.WriteLine($"\ncuBLAS: not available: {missing}");
        return new { Available = false, Reason = missing };
    }

    private static object Products(AcceleratorInfo info, int size, IReadOnlyList<int> batches, double budget)
    {
        using Device device = AcceleratorCatalog.Open(new AcceleratorChoice(info.Kind, info.Index));
        var timer = new DeviceTimer(device, budget);
        using Context context = Context.Create(builder => builder.Cuda());
        using CudaAccelerator accelerator = context.CreateCudaAccelerator(info.Index);
        using var cublas = new CuBlas(accelerator);
        var table = new Table("product", "shape", "batch", "ours", "cuBLAS", "cuBLAS GFLOP/s", "ours in % of cuBLAS's speed");
        var rows = new List<object>();
        foreach (DenseCase one in Cases(size, batches))
        {
            using (one)
            {
                one.Open(device);
                one.Check();
                Timing ours = timer.Measure(one.Launch);
                (Operand<float> left, Operand<float> right, Operand<float> result) = Operands(one);
                using MemoryBuffer1D<float, Stride1D.Dense> a = accelerator.Allocate1D(left.Host), b = accelerator.Allocate1D(right.Host), c = accelerator.Allocate1D<float>(result.Length);
                void Launch() => Gemm(cublas, one, a.View.AsContiguous(), b.View.AsContiguous(), c.View.AsContiguous());
                one.Check(() => { Launch(); accelerator.Synchronize(); }, () => [result.Difference(WithBias(one, c.GetAsArray1D()))]);
                Timing theirs = timer.Measure(Launch, accelerator.Synchronize);
                double percent = 100 * theirs.Median / ours.Median;
                table.Add(one.Op, one.Shape, one.Batch, Table.Time(ours.Median), Table.Time(theirs.Median), Table.Number(one.Flops / theirs.Median / 1e9), Table.Number(percent));
                rows.Add(new { one.Op, one.Shape, one.Batch, one.Flops, Ours = ours, CuBlas = theirs, PercentOfCuBlas = percent });
            }
        }
        Console.WriteLine($"\ncuBLAS (the product alone; ours adds bias and ReLU)\n\n{table}");
        return new { Available = true, Rows = rows };
    }

    private static IEnumerable<DenseCase> Cases(int size, IReadOnlyList<int> batches)
    {
        yield return new DenseForwardCase(size, size, size, relu: false);
        foreach (CaseEntry entry in CaseTable.All.Where(entry => entry.Op.StartsWith("Dense", StringComparison.Ordinal)))
        {
            foreach (int batch in batches)
            {
                yield return (DenseCase)entry.Create(batch);
            }
        }
    }

    private static (Operand<float> Left, Operand<float> Right, Operand<float> Result) Operands(DenseCase one) => one switch
    {
        DenseForwardCase forward => (forward.Input, forward.Parameters, forward.Output),
        DenseInputGradientCase input => (input.GradOutput, input.Parameters, input.GradInput),
        DenseWeightGradientCase weight => (weight.Input, weight.GradOutput, weight.GradParameters),
        _ => throw new ArgumentException($"{one.Op} is no product"),
    };

    /// <remarks>cuBLAS's matrices are column by column, so it multiplies the transposes, in the other order.</remarks>
    private static void Gemm(CuBlas cublas, DenseCase one, ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        int n = one.Batch, k = one.Inputs, f = one.Units;
        const CuBlasOperation asIs = CuBlasOperation.NonTranspose, transposed = CuBlasOperation.Transpose;
        switch (one)
        {
            case DenseForwardCase:
                cublas.Gemm(asIs, asIs, f, n, k, 1f, b, f, a, k, 0f, c, f);
                break;
            case DenseInputGradientCase:
                cublas.Gemm(transposed, asIs, k, n, f, 1f, b, f, a, f, 0f, c, k);
                break;
            default:
                cublas.Gemm(asIs, transposed, f, k, n, 1f, b, f, a, k, 0f, c, f);
                break;
        }
    }

    /// <summary>What the product leaves out: bias and ReLU forward, the bias's gradient.</summary>
    private static float[] WithBias(DenseCase one, float[] values)
    {
        int k = one.Inputs, f = one.Units;
        for (int i = 0; i < values.Length && one is DenseForwardCase; i++)
        {
            var forward = (DenseForwardCase)one;
            values[i] += forward.Parameters.Host[(k * f) + (i % f)];
            values[i] = forward.HasRelu ? Math.Max(0f, values[i]) : values[i];
        }
        if (one is DenseWeightGradientCase weight)
        {
            weight.GradParameters.Host.AsSpan(k * f).CopyTo(values.AsSpan(k * f));
        }
        return values;
    }
}
