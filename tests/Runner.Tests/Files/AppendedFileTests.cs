using Xunit;

namespace GpuCnn.Runner.Tests.Files;

public sealed class AppendedFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-tests-").FullName;
    private readonly List<string> lines = [];
    private readonly AppendedFile file;

    public AppendedFileTests() => file = new AppendedFile(Path.Combine(folder, "steps.csv"), writer =>
    {
        writer.WriteLine("step");
        lines.ForEach(writer.WriteLine);
    });

    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Lines_are_appended_without_writing_the_file_anew()
    {
        file.WriteWhole();
        var recorded = new RecordedFileCalls();
        using (new Substituted(recorded))
        {
            Append("1");
            Append("2");
        }
        AssertWhole();
        Assert.Equal(["Open", "Write", "Close", "Open", "Write", "Close"], recorded.Done.Select(done => done.Call));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_a_failure_the_next_line_brings_what_was_missed_and_until_then_no_line_is_half(bool halves)
    {
        for (int k = 1; k <= 3; k++)
        {
            lines.Clear();
            file.WriteWhole();
            Append("first line");
            using (new Substituted(new FailingFileCalls((number, _) => number == k ? FailingFileCalls.NoSpace() : null, halves)))
            {
                Assert.Throws<IOException>(() => Append("second line"));
                Assert.False(file.IsWhole);
                // Closing is what fails last, when all is written.
                Assert.Equal(k == 3 ? "step\nfirst line\nsecond line\n" : "step\nfirst line\n", Text());
            }
            Append("third line");
            AssertWhole();
        }
    }

    [Fact]
    public void What_somebody_deleted_cut_or_lengthened_is_written_anew()
    {
        file.WriteWhole();
        Append("1");
        File.Delete(file.Path);
        Append("2");
        AssertWhole();
        File.WriteAllText(file.Path, "");
        Append("3");
        AssertWhole();
        File.AppendAllText(file.Path, "4,5");
        Append("4");
        AssertWhole();
    }

    [Fact]
    public void A_folder_that_is_gone_is_an_error_and_when_it_is_back_all_lines_are()
    {
        file.WriteWhole();
        Append("1");
        Directory.Delete(folder, recursive: true);
        Assert.ThrowsAny<IOException>(() => Append("2"));
        Directory.CreateDirectory(folder);
        Append("3");
        AssertWhole();
    }

    private void Append(string line)
    {
        lines.Add(line);
        file.Append(line + "\n");
    }

    private string Text() => File.ReadAllText(file.Path);

    private void AssertWhole()
    {
        Assert.True(file.IsWhole);
        Assert.Equal("step\n" + string.Concat(lines.Select(line => line + "\n")), Text());
    }
}
