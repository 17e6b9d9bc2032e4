using System.Globalization;
using GpuCnn.Runner.CommandLine;

namespace GpuCnn.Runner.Reports;

/// <summary>The folder of a training with several seeds: a run folder for each seed, <c>seed-1</c> and so on, and <c>seeds.json</c>, which makes it one.</summary>
internal sealed class SeedFolder : IDisposable
{
    private const string RunPrefix = "seed-";

    private readonly RunLock held;

    private SeedFolder(string path, RunLock held) => (Path, this.held) = (path, held);

    /// <summary>The folder, as the user gave it or as <c>runs/model-n</c>.</summary>
    public string Path { get; }

    /// <summary>Whether a folder is one of several seeds.</summary>
    /// <param name="path">The folder.</param>
    public static bool Is(string path) => File.Exists(System.IO.Path.Combine(path, RunFiles.Seeds));

    /// <summary>Creates a folder, with the first run in it, which only has to be begun.</summary>
    /// <param name="path">The folder; null for the first free of <c>model-1</c>, <c>model-2</c>, ... in <paramref name="runs"/>.</param>
    /// <param name="runs">The folder of run folders.</param>
    /// <param name="args">The first run's options.</param>
    /// <param name="model">Its model.</param>
    /// <param name="seeds">What is known of the set.</param>
    /// <exception cref="OutputPathException">The folder cannot be used.</exception>
    public static SeedFolder Create(string? path, string runs, ArgsDocument args, ModelDefinition model, SeedsDocument seeds)
    {
        if (path is null)
        {
            return RunFolder.Guard(runs, () =>
            {
                string made = RunFolder.MakeNext(runs, args.Model, Fill);
                return new SeedFolder(made, RunFolder.Take(made));
            });
        }
        RunFolder.Check(path);
        return RunFolder.Guard(path, () =>
        {
            DurableFolder.Create(path);
            RunLock held = RunFolder.Take(path);
            try
            {
                Fill(path);
                return new SeedFolder(path, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        });

        // The document last: with it the folder can be resumed.
        void Fill(string folder)
        {
            string first = RunOf(folder, args.Options.Seed);
            DurableFolder.Create(first);
            RunFolder.Describe(first, args, model);
            Write(folder, seeds);
        }
    }

    /// <summary>Opens a folder to resume it; no other process can meanwhile.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="OutputPathException">Another process trains in it, or it cannot be written to.</exception>
    public static SeedFolder Open(string path) => RunFolder.Guard(path, () =>
    {
        var folder = new SeedFolder(path, RunFolder.Take(path));
        TemporaryFiles.RemoveAbandoned(path);
        return folder;
    });

    /// <summary>Reads what is known of a set, which another process may be training.</summary>
    /// <param name="path">Its folder.</param>
    /// <exception cref="InvalidFileException">The document is damaged.</exception>
    public static SeedsDocument Read(string path)
    {
        string file = System.IO.Path.Combine(path, RunFiles.Seeds);
        SeedsDocument document = RunReader.Document(file, Documents.Default.SeedsDocument);
        return TrainFlags.SeedsRange.Allows(document.Seeds) && document.Seed <= ulong.MaxValue - (ulong)document.Seeds && document.Runs.Count <= document.Seeds && !document.Runs.Contains(null!)
            ? document
            : throw new InvalidFileException(file, "its seeds and its runs do not agree");
    }

    /// <summary>Writes what is known of the set.</summary>
    /// <param name="seeds">What is known.</param>
    public void Write(SeedsDocument seeds) => Write(Path, seeds);

    /// <summary>The run folder of a seed.</summary>
    /// <param name="path">The set's folder.</param>
    /// <param name="seed">The seed.</param>
    public static string RunOf(string path, ulong seed) => System.IO.Path.Combine(path, RunPrefix + seed.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();

    private static void Write(string folder, SeedsDocument seeds) =>
        AtomicFile.Write(System.IO.Path.Combine(folder, RunFiles.Seeds), Documents.Text(seeds, Documents.Indented.SeedsDocument) + "\n");
}
