namespace GpuCnn;

/// <summary>The names that users write for the members of an enumeration, in their order.</summary>
/// <typeparam name="T">The enumeration.</typeparam>
internal sealed class OptionNames<T>(params IReadOnlyList<string> all) where T : struct, Enum
{
    public IReadOnlyList<string> All => all;

    /// <summary>A member's name; a number for one that the enumeration does not have.</summary>
    public string Of(T member) => all.ElementAtOrDefault(Array.IndexOf(Enum.GetValues<T>(), member)) ?? member.ToString();

    /// <summary>The member of a name.</summary>
    /// <exception cref="ArgumentException">No member has that name.</exception>
    public T Parse(string property, string name)
    {
        int index = all.ToList().IndexOf(name);
        return index >= 0 ? Enum.GetValues<T>()[index]
            : throw TrainingOptions.Refusal(property,
                $"must be {new ChoiceRange(all).Words}, not '{PlainText.Beginning(name, LearningRateSchedule.LongestText)}'");
    }
}
