using System.Globalization;

namespace GpuCnn;

/// <summary>Which accelerator a user wants: the best one, or the N-th of a kind.</summary>
/// <param name="Kind">The kind asked for; null for the best of all.</param>
/// <param name="Index">The place among the accelerators of that kind, from 0.</param>
public readonly record struct AcceleratorChoice(AcceleratorKind? Kind, int Index)
{
    /// <summary>The forms that <see cref="Parse"/> reads.</summary>
    public const string Syntax = "auto, cuda, opencl or cpu, the last three also with :N for the N-th of their kind";

    /// <summary>The best CUDA GPU, else an OpenCL GPU, else the CPU accelerator.</summary>
    public static AcceleratorChoice Auto => default;

    /// <summary>Reads <c>auto</c>, <c>cuda</c>, <c>opencl</c>, <c>cpu</c>, or <c>cuda:1</c> and the like.</summary>
    /// <param name="text">The text, in any case.</param>
    /// <returns>The choice.</returns>
    /// <exception cref="AcceleratorException">The text is none of these.</exception>
    public static AcceleratorChoice Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string name = text;
        int index = 0;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        bool valid = true;
        if (colon >= 0)
        {
            name = text[..colon];
            valid = int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out index);
        }
        AcceleratorKind? kind = name.ToUpperInvariant() switch
        {
            "CUDA" => AcceleratorKind.Cuda,
            "OPENCL" => AcceleratorKind.OpenCL,
            "CPU" => AcceleratorKind.Cpu,
            _ => null,
        };
        valid &= kind is not null || (colon < 0 && name.Equals("auto", StringComparison.OrdinalIgnoreCase));
        return valid
            ? new AcceleratorChoice(kind, index)
            : throw new AcceleratorException($"'{text}' names no accelerator: give {Syntax}");
    }

    /// <summary>The choice as <see cref="Parse"/> reads it.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Kind is { } kind ? $"{NameOf(kind)}:{Index}" : "auto";

    internal static string NameOf(AcceleratorKind kind) => kind switch
    {
        AcceleratorKind.Cuda => "cuda",
        AcceleratorKind.OpenCL => "opencl",
        _ => "cpu",
    };
}
