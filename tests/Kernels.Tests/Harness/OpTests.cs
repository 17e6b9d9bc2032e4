using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>The cases of an operation.</summary>
public interface IOpCases
{
    /// <summary>All of them; the first must use every operand.</summary>
    static abstract IEnumerable<OpCase> All { get; }
}

/// <summary>What every operation is tested for on every accelerator; it supplies cases with a reference.</summary>
public abstract class OpTests<TDevice, TCases> where TDevice : ITestDevice where TCases : IOpCases
{
    /// <summary>The cases as theory data.</summary>
    public static IEnumerable<TheoryDataRow<OpCase>> Cases => TCases.All.Where(c => c.Work <= OpCase.LargestWork).Select(c => new TheoryDataRow<OpCase>(c));

    /// <summary>The device; asking for it may end the test.</summary>
    protected static Device Device => TDevice.Open();

    [DeviceTheory]
    [MemberData(nameof(Cases))]
    public void Matches_the_reference_and_leaves_other_memory_alone(OpCase test)
    {
        foreach (int before in Trial.Places)
        {
            using var trial = new Trial(Device, test, before: before);
            test.Run(trial);
            Assert.NotEmpty(trial.Operands);
            trial.CheckMemory();
        }
    }

    [DeviceFact]
    public void Agrees_with_the_CPU_whatever_its_number_of_workers()
    {
        Device device = Device;
        foreach (OpCase test in TCases.All)
        {
            using var here = new Trial(device, test);
            test.Run(here);
            // One number is enough for a GPU: the CPU has the same bits with each.
            foreach (int workers in TDevice.Kind == AcceleratorKind.Cpu ? (int[])[1, 3] : [1])
            {
                using var there = new Trial(TestDevices.Cpu(workers), test);
                test.Run(there);
                if (TDevice.Kind == AcceleratorKind.Cpu)
                {
                    SameBits(here, there);
                }
                else
                {
                    SameToRounding(here, there);
                }
            }
        }
    }

    /// <remarks>Wherever bits depend on what threads run first, on what memory held before, or on what a neighbour left in it, the second run differs. Places take turns over the cases.</remarks>
    [DeviceFact]
    public void Gives_the_same_bits_again_after_other_work()
    {
        Device device = Device;
        foreach ((int number, OpCase test) in TCases.All.Where(c => c.Work <= OpCase.LargestWork).Index())
        {
            int before = Trial.Places[number % Trial.Places.Count];
            using var first = new Trial(device, test, before: before);
            test.Run(first);
            OtherWork.Run(device);
            using var again = new Trial(device, test, before: before);
            test.Run(again);
            SameBits(first, again);
        }
    }

    [DeviceFact]
    public void Refuses_an_operand_that_is_too_short_before_anything_is_launched() => RefusesShortOperands(TCases.All.First());

    /// <summary>Runs a case once for each operand, with that one too short.</summary>
    protected static void RefusesShortOperands(OpCase test)
    {
        Device device = Device;
        int operands;
        using (var whole = new Trial(device, test))
        {
            test.Run(whole);
            operands = whole.Operands.Count;
        }
        for (int i = 0; i < operands; i++)
        {
            using var trial = new Trial(device, test, i);
            long launches = device.Launches;
            Exception? exception = Record.Exception(() => test.Run(trial));
            if (trial.Operands[i].MayBeShort)
            {
                Assert.True(exception is ArgumentException, $"{trial.Operands[i].Name} of {trial.Title} was one element short and gave {exception?.GetType().Name ?? "no exception"}");
                Assert.Equal(launches, device.Launches);
            }
        }
    }

    private static void SameBits(Trial here, Trial there)
    {
        foreach ((Operand a, Operand b) in here.Operands.Zip(there.Operands))
        {
            Assert.True(a.Bits().AsSpan().SequenceEqual(b.Bits()), $"{a.Name} of {here.Title} differs in bits from {there.Title}");
        }
    }

    private static void SameToRounding(Trial here, Trial there)
    {
        foreach (((string name, float[] a, Tolerance tolerance), (_, float[] b, _)) in here.Compared.Zip(there.Compared))
        {
            Near.Equal($"{name} of {here.Title} against {there.Title}", a, [.. b.Select(x => (double)x)], tolerance with { Absolute = 2 * tolerance.Absolute });
        }
    }
}
