namespace GpuCnn.Kernels;

/// <summary>What operations are called in messages and tables.</summary>
internal static class Operation
{
    private const string Function = "Function", Driver = nameof(Activation);

    /// <summary>The type's name; that of an activation is its function's: Gelu and GeluGradient run <see cref="GeluFunction"/>.</summary>
    public static string Name(Type type)
    {
        if (!type.IsGenericType)
        {
            return type.Name;
        }
        string function = type.GenericTypeArguments[0].Name, driver = type.Name[..type.Name.IndexOf('`')];
        return function[..^Function.Length] + driver[Driver.Length..];
    }
}
