using SharpFuzz;

namespace GpuCnn.Fuzz;

/// <summary>Takes inputs from AFL++, which chooses them by the code that earlier ones reached.</summary>
internal static class Coverage
{
    /// <summary>Reads until AFL++ ends the process. The assemblies must have been instrumented.</summary>
    /// <param name="name">The parser.</param>
    public static void Run(string name)
    {
        // Instrumented code crashes before AFL++ has given it its memory, and seeds are made by such code.
        Lazy<(Target Target, Campaign Campaign)> ready = new(() => Prepare(Targets.Find(name)));
        Fuzzer.OutOfProcess.Run((Stream stream) =>
        {
            using var content = new MemoryStream();
            stream.CopyTo(content);
            (Target target, Campaign campaign) = ready.Value;
            if (campaign.Judge(target.Finish(content.ToArray())) is { } problem)
            {
                throw new InvalidOperationException(problem);
            }
        });
    }

    private static (Target Target, Campaign Campaign) Prepare(Target target)
    {
        var campaign = new Campaign(target);
        foreach (byte[] seed in target.Seeds)
        {
            campaign.Judge(target.Finish(seed));
        }
        return (target, campaign);
    }
}
