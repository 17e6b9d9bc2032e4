namespace GpuCnn;

/// <summary>Folders that a power cut does not take back.</summary>
internal static class DurableFolder
{
    /// <summary>Creates a folder and those above it, as far as they are missing.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">A file has its name, the disk is full, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder above it is not writable.</exception>
    public static void Create(string path)
    {
        string whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(whole))
        {
            return;
        }
        string? parent = Path.GetDirectoryName(whole);
        if (parent is not null)
        {
            Create(parent);
        }
        FileCalls.Now.CreateFolder(whole);
        if (parent is not null)
        {
            FileCalls.Now.FlushFolder(parent);
        }
    }

    /// <summary>Gives a folder another name in the same parent, in one step.</summary>
    /// <param name="from">The folder.</param>
    /// <param name="to">Its new name, which nothing has.</param>
    /// <exception cref="IOException">Something has the name, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The parent is not writable.</exception>
    public static void Rename(string from, string to)
    {
        FileCalls.Now.RenameFolder(from, to);
        FileCalls.Now.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    /// <summary>Deletes a folder with all that is in it. After a power cut some of it may be there again.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">It is missing, something in it is in use, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder is not writable.</exception>
    public static void Delete(string path)
    {
        foreach (string file in Directory.EnumerateFiles(path).ToArray())
        {
            FileCalls.Now.Delete(file);
        }
        foreach (DirectoryInfo folder in new DirectoryInfo(path).GetDirectories())
        {
            if (folder.LinkTarget is null)
            {
                Delete(folder.FullName);
            }
            else
            {
                FileCalls.Now.Delete(folder.FullName);
            }
        }
        FileCalls.Now.DeleteFolder(path);
    }
}
