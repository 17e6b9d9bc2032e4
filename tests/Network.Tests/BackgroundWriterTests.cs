using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Writing while a training goes on.</summary>
public sealed class BackgroundWriterTests
{
    [Fact]
    public void It_keeps_the_order_and_tells_of_a_failure_once()
    {
        var done = new List<int>();
        using var writer = new BackgroundWriter();
        for (int i = 0; i < 20; i++)
        {
            int number = i;
            writer.Post(() =>
            {
                Thread.Sleep(number % 3);
                done.Add(number);
            });
        }
        writer.Flush();
        Assert.Equal(Enumerable.Range(0, 20), done);
        using var started = new ManualResetEventSlim();
        writer.Post(() =>
        {
            started.Wait();
            throw new IOException("full");
        });
        writer.Post(() => done.Add(99));
        started.Set();
        Assert.Equal("full", Assert.Throws<IOException>(writer.Flush).Message);
        writer.Flush();
        Assert.Equal(99, done[^1]);
    }

    [Fact]
    public void Of_two_failures_the_first_is_told()
    {
        using var writer = new BackgroundWriter();
        using var started = new ManualResetEventSlim();
        writer.Post(() =>
        {
            started.Wait();
            throw new IOException("first");
        });
        writer.Post(() => throw new IOException("second"));
        started.Set();
        Assert.Equal("first", Assert.Throws<IOException>(writer.Flush).Message);
        writer.Flush();
    }

    [Fact]
    public async Task One_may_wait_while_another_is_written_and_a_third_holds_its_giver_up()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        using var writer = new BackgroundWriter();
        using var started = new ManualResetEventSlim();
        int written = 0;
        void Write()
        {
            started.Wait(stop);
            written++;
        }
        await Task.Run(() =>
        {
            writer.Post(Write);
            writer.Post(Write);
        }, stop).WaitAsync(TimeSpan.FromSeconds(60), stop);
        Task third = Task.Run(() => writer.Post(Write), stop);
        bool heldUp = await Task.WhenAny(third, Task.Delay(200, stop)) != third;
        started.Set();
        await third.WaitAsync(TimeSpan.FromSeconds(60), stop);
        writer.Flush();
        // Last, for what fails before the event is set would wait for it.
        Assert.Equal((true, 3), (heldUp, written));
    }
}
