using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuCnn;

/// <summary>Files and folders under names that say that they are not finished, and which process makes them.</summary>
internal static partial class TemporaryFiles
{
    /// <summary>Two looks at when a process started and when it wrote a file differ by as much.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);

    private static int number;

    /// <summary>A name beside a file or folder for what will become it.</summary>
    /// <param name="path">The file or folder.</param>
    public static string NameFor(string path) => string.Create(CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId}-{Interlocked.Increment(ref number)}.tmp");

    /// <summary>Deletes what killed processes have left in a folder, those below it not looked at; what a living process writes, or what cannot be deleted, stays.</summary>
    /// <param name="folder">The folder.</param>
    public static void RemoveAbandoned(string folder)
    {
        foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*.tmp"))
        {
            if (!IsAbandoned(entry))
            {
                continue;
            }
            if (entry is FileInfo)
            {
                TryDelete(entry.FullName);
            }
            else
            {
                TryDeleteFolder(entry.FullName);
            }
        }
    }

    /// <summary>Deletes a file that was not finished; that it cannot be deleted must not hide why it was not finished.</summary>
    /// <param name="path">The file.</param>
    public static void TryDelete(string path)
    {
        try
        {
            FileCalls.Now.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Deletes a folder that was not finished, with all that is in it, as far as it can be.</summary>
    /// <param name="path">The folder.</param>
    public static void TryDeleteFolder(string path)
    {
        try
        {
            DurableFolder.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static bool IsAbandoned(FileSystemInfo entry)
    {
        Match name = Name().Match(entry.Name);
        if (!name.Success || !int.TryParse(name.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out int process) || IsAlive(process, entry.LastWriteTimeUtc))
        {
            return false;
        }
        if (entry is DirectoryInfo)
        {
            return true;
        }
        try
        {
            // Processes of another machine, or of another container, cannot be seen. While they write a file they have it to themselves.
#pragma warning disable RS0030 // Nothing is written to it.
            using var mine = new FileStream(entry.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
#pragma warning restore RS0030
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether the process that wrote something is still there; another one may have its number by now.</summary>
    private static bool IsAlive(int id, DateTime written)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return process.StartTime.ToUniversalTime() <= written + ClockTolerance;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return false;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // It is there, but another user's.
            return true;
        }
    }

    [GeneratedRegex(@"\.([0-9]{1,10})-[0-9]+\.tmp$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
