using System.Diagnostics;
using Xunit;

namespace GpuCnn.Runner.Tests.Files;

public sealed class AtomicFileTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly string Old = new('o', 100_000), New = new('n', 200_000);

    private readonly string folder = Directory.CreateDirectory(tiny.New("files")).FullName;

    private string Target => Path.Combine(folder, "file");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whichever_call_fails_the_old_file_stays_whole_and_nothing_else_is_left(bool halves)
    {
        for (int k = 1; ; k++)
        {
            AtomicFile.Write(Target, Old);
            using var calls = new Substituted(new FailingFileCalls((number, _) => number == k ? FailingFileCalls.NoSpace() : null, halves));
            try
            {
                AtomicFile.Write(Target, New);
                Assert.Equal(k, calls.Failing.Calls + 1);
                Assert.Equal(6, calls.Failing.Calls);
                break;
            }
            catch (IOException exception)
            {
                Assert.Equal(28, exception.HResult);
                // When only the flush of the folder failed, the new file is there.
                Assert.Equal(k == 6 ? New : Old, File.ReadAllText(Target));
                Assert.Equal([Target], Directory.EnumerateFileSystemEntries(folder));
            }
        }
        Assert.Equal(New, File.ReadAllText(Target));
    }

    [Fact]
    public void A_power_cut_leaves_the_old_file_or_the_new_one_and_once_it_is_written_the_new_one()
    {
        AtomicFile.Write(Target, Old);
        DiskModel Model(IEnumerable<FileOperation> done)
        {
            // The file as it was before: the recorded calls have replaced it.
            AtomicFile.Write(Target, Old);
            DiskModel model = new DiskModel(folder).Load();
            foreach (FileOperation operation in done)
            {
                model.Apply(operation);
            }
            return model;
        }
        var recorded = new RecordedFileCalls();
        using (new Substituted(recorded))
        {
            AtomicFile.Write(Target, New);
        }
        for (int k = 0; k <= recorded.Done.Count; k++)
        {
            foreach (PowerCut cut in Enum.GetValues<PowerCut>())
            {
                string left = tiny.New("left");
                Model(recorded.Done.Take(k)).Leave(left, cut, new Random(k));
                string text = File.ReadAllText(Path.Combine(left, "file"));
                Assert.True(text == New || (text == Old && k < recorded.Done.Count), $"after {k} calls, {cut}: {text.Length} characters, {text.FirstOrDefault()}");
            }
        }
    }

    [Fact]
    public void A_folder_and_those_above_it_survive_a_power_cut()
    {
        var recorded = new RecordedFileCalls();
        using (new Substituted(recorded))
        {
            DurableFolder.Create(Path.Combine(folder, "a", "b", "c"));
            AtomicFile.Write(Path.Combine(folder, "a", "b", "c", "file"), New);
            DurableFolder.Rename(Path.Combine(folder, "a", "b"), Path.Combine(folder, "a", "d"));
        }
        var model = new DiskModel(folder);
        recorded.Done.ForEach(model.Apply);
        string left = tiny.New("left");
        model.Leave(left, PowerCut.AllLost, new Random(1));
        Assert.Equal(New, File.ReadAllText(Path.Combine(left, "a", "d", "c", "file")));
    }

    [Fact]
    public void Folders_are_flushed_and_a_folder_that_is_gone_is_an_error()
    {
        var calls = new SystemFileCalls();
        calls.FlushFolder(folder);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Contains(tiny.Root, Assert.Throws<IOException>(() => calls.FlushFolder(Path.Combine(tiny.Root, "no-such-folder"))).Message, StringComparison.Ordinal);
        }
        // A file system of the kernel's own that has no flush.
        if (Directory.Exists("/proc/self"))
        {
            calls.FlushFolder("/proc/self");
        }
    }

    [Fact]
    public void What_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not()
    {
        using Process gone = Process.Start(new ProcessStartInfo(OperatingSystem.IsWindows() ? "hostname" : "true") { RedirectStandardOutput = true })!;
        gone.WaitForExit();
        string abandoned = Path.Combine(folder, $"last.safetensors.{gone.Id}-3.tmp"), foreign = Path.Combine(folder, $"x.{gone.Id}-4.tmp"),
            mine = TemporaryFiles.NameFor(Target), other = Path.Combine(folder, "notes.tmp"), reused = Path.Combine(folder, $"x.{Environment.ProcessId}-999.tmp");
        foreach (string path in (string[])[abandoned, foreign, mine, other, reused])
        {
            File.WriteAllText(path, "half");
        }
        // Written before this process, which has the number now, was started.
        File.SetLastWriteTimeUtc(reused, Process.GetCurrentProcess().StartTime.ToUniversalTime() - TimeSpan.FromMinutes(1));
        string prepared = Path.Combine(folder, $".cnn1.{gone.Id}-1.tmp");
        Directory.CreateDirectory(Path.Combine(prepared, "weights"));
        File.WriteAllText(Path.Combine(prepared, "weights", "x"), "");
        // As a process of another container would hold it, whose number means nothing here.
        using (new FileStream(foreign, FileMode.Open, FileAccess.Write, FileShare.None))
        {
            TemporaryFiles.RemoveAbandoned(folder);
        }
        Assert.Equal(new[] { foreign, mine, other }.Order(), Directory.EnumerateFileSystemEntries(folder).Order());
    }

    [Fact]
    public void Temporary_names_are_never_the_same()
    {
        string[] names = [.. ParallelEnumerable.Range(0, 1000).Select(_ => TemporaryFiles.NameFor("x"))];
        Assert.Equal(1000, names.Distinct().Count());
    }
}

/// <summary>While it lives, calls to the system go through a substitute.</summary>
internal sealed class Substituted : IDisposable
{
    private readonly IFileCalls calls;

    public Substituted(IFileCalls calls) => FileCalls.Substitute.Value = this.calls = calls;

    public FailingFileCalls Failing => (FailingFileCalls)calls;

    public void Dispose() => FileCalls.Substitute.Value = null;
}
