using GpuCnn.Fuzz;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>A short run of the fuzzer in every test of the suite, what it has found before, and the fuzzer's own checks.</summary>
public sealed class FuzzTests
{
    private const int Inputs = 400;

    public static TheoryData<string> Names => [.. Targets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_is_read_or_refused_in_one_line_soon_and_with_little_memory(string name)
    {
        Target target = Targets.Find(name);
        using var campaign = new Campaign(target);
        Assert.All(target.Seeds, seed => Assert.Null(campaign.Judge(target.Finish(seed))));
        var found = new List<string>();
        campaign.Run(0, Inputs, finding => found.Add($"{finding.Problem} (--target {name} --first {finding.Number} --count 1)"));
        Assert.Empty(found);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_was_found_before_is_not_found_again(string name)
    {
        using var campaign = new Campaign(Targets.Find(name));
        foreach (string file in Directory.Exists(Kept(name)) ? Directory.EnumerateFiles(Kept(name)) : [])
        {
            Assert.True(campaign.Judge(File.ReadAllBytes(file)) is null, file);
        }
    }

    [Fact]
    public void Everything_that_was_kept_belongs_to_a_parser() =>
        Assert.Subset(Targets.All.Select(target => target.Name).ToHashSet(), Directory.EnumerateDirectories(Kept("")).Select(folder => Path.GetFileName(folder)).ToHashSet());

    [Fact]
    public void An_input_follows_from_its_number_alone()
    {
        foreach (Target target in Targets.All)
        {
            ulong[] numbers = [0, 1, 2, 3, 12345];
            byte[][] inputs = [.. numbers.Select(number => Campaign.Input(target, number))];
            Assert.Equal(inputs, numbers.Select(number => Campaign.Input(target, number)));
            Assert.True(inputs.Distinct(new ByBytes()).Count() > numbers.Length / 2);
        }
    }

    [Theory]
    [InlineData("crash", "IndexOutOfRangeException")]
    [InlineData("escape", "control characters")]
    [InlineData("anonymous", "does not name the file")]
    [InlineData("long", "characters")]
    [InlineData("memory", "it allocated")]
    [InlineData("time", "it took")]
    public void The_oracle_sees(string fault, string problem)
    {
        var target = new Target(fault, "x", [[1, 2, 3]], path => fault switch
        {
            "crash" => File.ReadAllBytes(path)[3],
            "escape" => throw new InvalidFileException(path, $"a{(char)0x85}"),
            "anonymous" => throw new InvalidFileException("elsewhere", "it is damaged"),
            "long" => throw new InvalidFileException(path, new string('x', 2000)),
            "memory" => (new byte[(16 << 20) + 100])[3],
            _ => Sleep(),
        });
        using var campaign = new Campaign(target);
        string? judged = campaign.Judge([1, 2, 3]);
        // What goes into an exception of this kind is made plain there, so the oracle's own look is checked by itself.
        if (fault == "escape")
        {
            Assert.Null(judged);
            Assert.All(["\u001b[31m", "a\nb", "\u009b2J", "\u202e", "\0"], text => Assert.False(Oracle.IsPlain(text)));
            return;
        }
        Assert.Contains(problem, judged, StringComparison.Ordinal);
    }

    [Fact]
    public void A_finding_is_made_small()
    {
        var target = new Target("small", "x", [[.. Enumerable.Repeat((byte)7, 300)]], path => File.ReadAllBytes(path).Contains((byte)200) ? throw new OverflowException() : 0);
        using var campaign = new Campaign(target);
        var found = new List<Finding>();
        campaign.Run(0, 3000, found.Add);
        Assert.Equal([(byte)200], Assert.Single(found).Input);
    }

    private static long Sleep()
    {
        Thread.Sleep(Oracle.LongestTime + TimeSpan.FromMilliseconds(100));
        return 0;
    }

    private static string Kept(string name) => Path.Combine(AppContext.BaseDirectory, "Found", name);

    private sealed class ByBytes : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => obj.Length;
    }
}
