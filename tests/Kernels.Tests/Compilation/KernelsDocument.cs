using System.Globalization;
using System.Text;

namespace GpuCnn.Kernels.Tests;

/// <summary>docs/kernels.md: what is known of the GPU kernels without a GPU. All of it is computed here.</summary>
public static class KernelsDocument
{
    /// <summary>The environment variable that has the test write the document instead of comparing it.</summary>
    public const string WriteVariable = "GPUCNN_WRITE_KERNELS_DOC";

    /// <summary>The command that does so.</summary>
    public const string Command = $"{Ptxas.PathVariable}=$(.ci/install-ptxas) {WriteVariable}=1 dotnet run -c Release --project tests/Kernels.Tests -- --filter-class '*KernelsDocumentTests'";

    /// <summary>The least occupancy of dense layers, convolutions and their gradients. Their threads hold a tile of the product in registers, so that arithmetic hides latency and a quarter
    /// of the resident warps is enough; below that, little is left to switch to at a barrier.</summary>
    public const double ProductFloor = 0.25;

    private const int Batch = 512, Training = 48_000, Validation = 12_000;

    /// <summary>The file.</summary>
    public static string Path => System.IO.Path.Combine(Root, "docs", "kernels.md");

    /// <summary>The folder with the solution.</summary>
    public static string Root
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "GpuCnn.sln")))
            {
                folder = folder.Parent;
            }
            return folder?.FullName ?? throw new DirectoryNotFoundException($"no GpuCnn.sln above {AppContext.BaseDirectory}");
        }
    }

    /// <summary>How the line with the assembler's version begins.</summary>
    public static string VersionLine => $"ptxas {Ptxas.Version}";

    /// <summary>Writes it.</summary>
    public static string Create()
    {
        var text = new StringBuilder();
        text.Append("# The GPU kernels, seen without a GPU\n\n");
        text.Append(Line($"Generated; a test fails when it is out of date. Written anew by\n\n    {Command}\n\n"));
        text.Append("No figure here was measured on a GPU; those of PoCL below, which runs the same kernels on a CPU, say so. Registers and shared memory are what NVIDIA's assembler says, occupancy follows by NVIDIA's rules, times are estimates.\n\n");
        AppendUsage(text);
        AppendConstants(text);
        AppendRoofline(text);
        using (var measured = new KernelsMeasurements(Root))
        {
            measured.Append(text);
        }
        text.Append(Races);
        return text.ToString();
    }

    private static void AppendUsage(StringBuilder text)
    {
        text.Append("## Registers, shared memory, occupancy\n\n");
        text.Append(Line($"{VersionLine}. Each cell: registers of a thread, and resident warps as a share of the most that the multiprocessor can hold. No kernel spills a register or has a stack frame; "));
        text.Append(Line($"dense layers, convolutions and their gradients keep at least {ProductFloor:P0}. Tests fail otherwise.\n\n"));
        text.Append(Line($"| kernel | threads | shared bytes | {string.Join(" | ", GpuCompiler.Targets)} |\n|---|---|---|{string.Concat(GpuCompiler.Targets.Select(_ => "---|"))}\n"));
        foreach (GpuKernel kernel in GpuCompiler.General)
        {
            int threads = GpuCompiler.GroupSize(kernel.Operation);
            IEnumerable<int> shared = GpuCompiler.Targets.Select(t => Ptxas.Usages[(kernel, t)].SharedBytes).Distinct();
            IEnumerable<string> cells = GpuCompiler.Targets.Select(t => Line($"{Ptxas.Usages[(kernel, t)].Registers}, {Occupancy(kernel, t):P0}"));
            text.Append(Line($"| {kernel} | {threads} | {string.Join(" to ", shared.Order())} | {string.Join(" | ", cells)} |\n"));
        }
        text.Append('\n');
    }

    /// <summary>What becomes of the convolutions' kernels when they are compiled for the sizes of a layer.</summary>
    private static void AppendConstants(StringBuilder text)
    {
        GpuTarget first = GpuCompiler.Targets.Single(target => target.Capability == 80), last = GpuCompiler.Targets[^1];
        text.Append("## Layer constants\n\n");
        text.Append(Line($"Where a training has {Trainer.StepsThatPayForSizes} steps or more, convolutions are compiled once for the sizes of each layer (`Device.CompilesForSizes`), the batch being no constant: divisions by sizes become multiplications, products of sizes numbers, "));
        text.Append("and paths that these sizes do not take are left out. The bits of the results are the same, which tests compare on OpenCL. Evaluation and prediction run the kernels for all sizes, which are compiled once however many layers there are: on PoCL in some 3 s an operation, where each layer's takes 0.4 to 0.8 s (measured once). ");
        text.Append("Dense layers stay general: they divide by nothing.\n\n");
        text.Append(Line($"Instructions are those of the assembled kernel on {first} and {last}, those in loops and divisions by what is no number of its PTX.\n\n"));
        text.Append(Line($"| kernel | instructions, {first} | {last} | PTX in loops | divisions by variables | registers, {first} | {last} |\n|---|---|---|---|---|---|---|\n"));
        using ILGPU.Context context = GpuCompiler.CreateContext(ILGPU.OptimizationLevel.O2);
        foreach (IGrouping<Type, GpuKernel> layers in GpuCompiler.OfLayers.GroupBy(kernel => kernel.Operation))
        {
            foreach (GpuKernel kernel in layers.Prepend(GpuCompiler.General.Single(kernel => kernel.Operation == layers.Key)))
            {
                KernelUsage one = Ptxas.Usages[(kernel, first)], other = Ptxas.Usages[(kernel, last)];
                string ptx = GpuCompiler.Ptx(context, kernel, last);
                text.Append(Line($"| {kernel}{(kernel.Constants is null ? ", all sizes" : "")} | {one.Instructions:N0} | {other.Instructions:N0} | {PtxLoops.Instructions(ptx).Count} | {PtxLoops.DivisionsByVariables(ptx)} | {one.Registers} | {other.Registers} |\n"));
            }
        }
        text.Append('\n');
    }

    private static void AppendRoofline(StringBuilder text)
    {
        Gpu gpu = Gpu.H100;
        text.Append(Line($"## Estimate, not measured: {gpu.Name}\n\n"));
        text.Append(Line($"The roofline: peak {gpu.Flops / 1e12:0} TFLOP/s FP32 (no tensor cores) and {gpu.BytesPerSecond / 1e12:0.00} TB/s of NVIDIA's data sheet, batch {Batch}, every operand once through memory. "));
        text.Append("Nothing can be faster than this; a good kernel reaches half of it. The multiply-adds are those of the layers; of a pooled convolution those that a window reads.\n\n");
        text.Append("| model | operation | GFLOP | MB | least us | bound by |\n|---|---|---|---|---|---|\n");
        foreach (ModelDefinition model in ModelZoo.All)
        {
            var step = new StepWork(model, Batch);
            foreach (Work work in step.Forward.Concat(step.Backward).Where(w => w.MultiplyAdds > 0))
            {
                string bound = 2.0 * work.MultiplyAdds / gpu.Flops > work.Bytes / gpu.BytesPerSecond ? "arithmetic" : "memory";
                text.Append(Line($"| {model.Name} | {work.Name} | {2e-9 * work.MultiplyAdds:0.000} | {1e-6 * work.Bytes:0.0} | {1e6 * work.Seconds(gpu):0.0} | {bound} |\n"));
            }
        }
        text.Append(Line($"\nAn epoch is {Training:N0} training images and {Validation:N0} validation images. Launches are counted on an OpenCL device, at batch {Batch}, those of products cut into slices and of validation among them, and are assumed to cost {LaunchMicroseconds} us each, one after the other with the work.\n\n"));
        text.Append("| model | least ms an epoch | at half the roofline | launches an epoch | with launches, at half the roofline |\n|---|---|---|---|---|\n");
        foreach (ModelDefinition model in ModelZoo.All)
        {
            double least = 1e3 * new StepWork(model, Batch).EpochSeconds(gpu, Training, Validation);
            long launches = Launches(model);
            text.Append(Line($"| {model.Name} | {least:0.0} | {2 * least:0.0} | {launches:N0} | {(2 * least) + (launches * LaunchMicroseconds * 1e-3):0} |\n"));
        }
        text.Append('\n');
    }

    private const int LaunchMicroseconds = 4;

    private const string Races = """
        ## Races and accesses outside of memory

        `.ci/check-races` runs the tests of the operations on oclgrind 21.10, an OpenCL device that interprets every thread and checks every access to global and shared memory: two threads at the same place
        without a barrier between them, one of them writing; reads and writes outside of a buffer. Operands are then buffers of their own, without guard zones. First it runs planted faults and
        demands that all are reported.

        - oclgrind says OpenCL 1.2, which ILGPU refuses for want of a generic address space. ILGPU's code for these kernels names every address space, and oclgrind's compiler takes 2.0, so the copy that is
          used says 2.0.
        - `Group.Barrier()` becomes `work_group_barrier(CLK_GLOBAL_MEM_FENCE)` in ILGPU 1.5.3 (`CLCodeGenerator`, `GenerateCode(Barrier)`). By the OpenCL specification that orders global memory alone, and oclgrind, which takes it at its
          word, reports a race at every tile in shared memory. PoCL orders all memory at a barrier; a driver that does not would need a fixed ILGPU. The check therefore compiles with both fences, and looks for missing
          barriers, not for this.
        - It interprets every instruction, so products are run only up to 600,000 multiply-adds, counted in whole tiles of 128 x 64 x 16; other operations with all their cases.
        - A barrier taken out of the tiled product was reported, while the same tests all passed on PoCL, which runs the threads of a group in an order that hides it
          (`tests/MUTANTS.md`).

        """;

    /// <summary>Occupancy of a kernel.</summary>
    public static double Occupancy(GpuKernel kernel, GpuTarget target)
    {
        KernelUsage usage = Ptxas.Usages[(kernel, target)];
        return Multiprocessor.Of(target.Capability).Occupancy(GpuCompiler.GroupSize(kernel.Operation), usage.Registers, usage.SharedBytes);
    }

    /// <summary>Counted, because how products are cut into slices hangs on their sizes: one step, two, and one with a batch of validation.</summary>
    private static long Launches(ModelDefinition model)
    {
        Device device = TestDevices.OpenCL();
        using var network = new Network(model, device, Batch);
        network.Initialize(1);
        ImageSet images = new(new byte[2 * Batch * model.Input.Count], new byte[2 * Batch], model.Input, [.. Enumerable.Range(0, model.Classes).Select(i => $"{i}")]);
        long Epoch(int samples, double held)
        {
            using var trainer = new Trainer(network, new TrainingOptions { Epochs = 1, BatchSize = Batch, TrainSamples = samples, ValidationSplit = held }, images);
            long before = device.Launches;
            trainer.RunEpoch();
            return device.Launches - before;
        }

        long one = Epoch(Batch, 0), step = Epoch(2 * Batch, 0) - one, validation = Epoch(2 * Batch, 0.5) - one;
        return one - step + (step * Batches(Training)) + (validation * Batches(Validation));
    }

    private static long Batches(int images) => (images + Batch - 1) / Batch;

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
