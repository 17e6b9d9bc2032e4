namespace GpuCnn;

/// <summary>The names that users write for the members of an enumeration, in their order.</summary>
/// <typeparam name="T">The enumeration.</typeparam>
/// <param name="all">All names.</param>
public sealed class OptionNames<T>(params IReadOnlyList<string> all) where T : struct, Enum
{
    /// <summary>All names.</summary>
    public IReadOnlyList<string> All => all;

    /// <summary>A member's name.</summary>
    /// <param name="member">The member.</param>
    public string Of(T member) => all[Array.IndexOf(Enum.GetValues<T>(), member)];

    /// <summary>The member of a name.</summary>
    /// <param name="flag">The flag that it was given to.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="OptionException">There is none of that name.</exception>
    public T Parse(string flag, string name)
    {
        int index = all.ToList().IndexOf(name);
        return index >= 0 ? Enum.GetValues<T>()[index]
            : throw new OptionException(flag, $"'{PlainText.Beginning(name, LearningRateSchedule.LongestText)}' is not allowed: give {PlainText.Or(all)}");
    }
}
