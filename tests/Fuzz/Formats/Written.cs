namespace GpuCnn.Fuzz.Formats;

/// <summary>Contents as the program itself writes them.</summary>
internal static class Written
{
    /// <summary>What is in a file that was written to a path.</summary>
    /// <param name="write">Writes it.</param>
    public static byte[] By(Action<string> write)
    {
        string folder = Directory.CreateTempSubdirectory("gpucnn-fuzz-seed-").FullName;
        try
        {
            string path = Path.Combine(folder, "seed");
            write(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
