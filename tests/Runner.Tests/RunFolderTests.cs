using GpuCnn.Runner.Reports;
using Xunit;

namespace GpuCnn.Runner.Tests;

public sealed class RunFolderTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly ArgsDocument Args = new("1", "cnn1", "cpu", "CPU", 1, "d", null,
        new TrainingOptions { Epochs = 1, BatchSize = 1, LearningRate = 1, ValidationSplit = 0 });

    [Fact]
    public void Runs_created_at_once_never_share_a_folder()
    {
        string runs = tiny.New("runs");
        string[] paths = new string[40];
        Parallel.For(0, paths.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            using RunFolder folder = RunFolder.CreateNext(runs, Args, ModelZoo.Cnn1);
            paths[i] = folder.Path;
        });
        Assert.Equal(Enumerable.Range(1, 40).Select(n => $"cnn1-{n}").Order(), paths.Select(path => Path.GetFileName(path)!).Order());
        Assert.Equal(40, Directory.EnumerateFileSystemEntries(runs).Count());
    }

    [Fact]
    public void An_empty_folder_is_taken_once()
    {
        string path = tiny.New("given");
        Directory.CreateDirectory(path);
        using (RunFolder folder = RunFolder.CreateAt(path, Args, ModelZoo.Cnn1))
        {
            Assert.Equal(path, folder.Path);
        }
        Assert.Throws<OutputPathException>(() => RunFolder.CreateAt(path, Args, ModelZoo.Cnn1));
    }

    [Fact]
    public void A_folder_that_is_no_run_yet_is_as_good_as_empty()
    {
        string path = tiny.New("given");
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "lock"), "");
        // As a process leaves them that is killed before it has written the options.
        File.WriteAllText(Path.Combine(path, "model.json"), "{}");
        File.WriteAllText(Path.Combine(path, "args.json.123-4.tmp"), "{");
        using (RunLock held = RunLock.TryTake(path)!)
        {
            Assert.Contains("another process is training it", Assert.Throws<OutputPathException>(() => RunFolder.CreateAt(path, Args, ModelZoo.Cnn1)).Message, StringComparison.Ordinal);
        }
        RunFolder.CreateAt(path, Args, ModelZoo.Cnn1).Dispose();
    }

    [Fact]
    public void A_run_is_opened_by_one_and_then_by_the_next()
    {
        RunFolder first = RunFolder.CreateNext(tiny.New("runs"), Args, ModelZoo.Cnn1);
        string half = Path.Combine(first.Path, "weights", "last.safetensors.2147483647-1.tmp");
        File.WriteAllText(half, "half");
        OutputPathException refused = Assert.Throws<OutputPathException>(() => RunFolder.Open(first.Path));
        Assert.StartsWith($"{first.Path}: another process is training it", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(half));
        first.Dispose();
        using RunFolder second = RunFolder.Open(first.Path);
        Assert.Equal(Args, second.Args);
        Assert.False(File.Exists(half));
    }

    [Fact]
    public void Tables_of_a_resumed_run_end_where_it_resumes_and_go_on_from_there()
    {
        string path = Directory.CreateDirectory(tiny.New("run")).FullName;
        EpochDocument first = new(1, 0.5, 0.25, null, null, 0.001, 2, 3);
        var tables = new RunTables(path);
        tables.Begin([], []);
        tables.Append(first);
        tables.Append(first with { Epoch = 2 });
        tables.AppendSteps([1.5f, 0.5f, 0.25f]);
        var resumed = new RunTables(path);
        resumed.Begin([first], [1.5f, 0.5f]);
        Assert.Equal(["1,0.5,0.25,,,0.001,2,3"], Lines(resumed.Results)[1..]);
        Assert.Equal(["step,loss", "1,1.5", "2,0.5"], Lines(resumed.Steps));
        resumed.AppendSteps([1.5f, 0.5f, 0.125f]);
        Assert.Equal(["step,loss", "1,1.5", "2,0.5", "3,0.125"], Lines(resumed.Steps));
    }

    [Fact]
    public void Options_of_a_resumed_run_are_those_from_here_on()
    {
        string path = tiny.New("run");
        using (RunFolder folder = RunFolder.CreateAt(path, Args, ModelZoo.Cnn1))
        {
            folder.Write(Args with { Options = Args.Options with { Epochs = 7 } });
        }
        using RunFolder resumed = RunFolder.Open(path);
        Assert.Equal(7, resumed.Args.Options.Epochs);
    }

    [Fact]
    public void Rows_are_in_the_file_as_soon_as_they_are_written()
    {
        var tables = new RunTables(Directory.CreateDirectory(tiny.New("run")).FullName);
        tables.Begin([], []);
        tables.Append(new EpochDocument(1, 0.5, 0.25, null, null, 0.001, 2, 3));
        tables.AppendSteps([1.5f]);
        tables.AppendSteps([1.5f, 0.5f]);
        Assert.Equal("1,0.5,0.25,,,0.001,2,3", Lines(tables.Results)[1]);
        Assert.Equal(["step,loss", "1,1.5", "2,0.5"], Lines(tables.Steps));
    }

    [Fact]
    public void Numbers_that_json_has_not_become_null()
    {
        var document = new EpochDocument(1, double.NaN, double.PositiveInfinity, double.NaN, null, 0.1, 1, 1);
        string text = Documents.Text(new TrainDocument("m", 1, "cpu:0", [document], [float.NaN, 0.1f], 1, null, null, "r", null), Documents.Default.TrainDocument);
        Assert.Contains("\"train_loss\":null,\"train_accuracy\":null,\"val_loss\":null", text, StringComparison.Ordinal);
        Assert.Contains("\"step_losses\":[null,0.1]", text, StringComparison.Ordinal);
    }

    private static string[] Lines(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
