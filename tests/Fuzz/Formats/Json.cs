using CsCheck;

namespace GpuCnn.Fuzz.Formats;

/// <summary>JSON made from scratch.</summary>
internal static class Json
{
    /// <summary>A string, its quotes included.</summary>
    public static Gen<string> Text => Gen.Frequency(
        (4, Gen.String[Gen.Char['a', 'z'], 0, 8]),
        (2, Gen.OneOf("cnn1", "cpu:0", "running", "done", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "Conv2d", "conv", "dense", "relu", "pool", "flatten", "dropout")),
        (1, Gen.OneOf("\\u001b[31m", "\\n", "\\u0000", "\\ud800", "\\u202e", "\\u009b2J", "<b>", "../..", "%n", "\\\"")),
        (1, Gen.String[Gen.Char['a', 'z'], 500, 3000])).Select(text => $"\"{text}\"");

    /// <summary>A number.</summary>
    public static Gen<string> Number => Gen.Frequency(
        (4, Gen.Int[-2, 100].Select(number => $"{number}")), (1, Gen.Int.Select(number => $"{number}")),
        (2, Gen.OneOf("0.5", "1e-3", "1e-300", "1e300", "1e999", "-1e999", "2147483648", "9223372036854775807", "99999999999999999999", "-0", "1e3", "1.0")));

    /// <summary>A value, at times a deep one.</summary>
    public static Gen<string> Value => Gen.Frequency(
        (9, Gen.Recursive<string>((depth, inner) => depth > 4 ? Leaf : Gen.Frequency((3, Leaf),
            (1, inner.Array[0, 4].Select(items => $"[{string.Join(',', items)}]")),
            (1, Gen.Select(Text, inner).Array[0, 4].Select(members => $"{{{string.Join(',', members.Select(member => $"{member.Item1}:{member.Item2}"))}}}"))))),
        (1, Gen.Int[1, 2000].Select(depth => $"{new string('[', depth)}{new string(']', depth)}")));

    private static Gen<string> Leaf => Gen.Frequency((3, Number), (3, Text), (1, Gen.OneOf("null", "true", "false")));

    /// <summary>An object that has most of the names that are expected of it, some twice, in any order.</summary>
    /// <param name="members">The names, and a valid value of each.</param>
    public static Gen<string> Object(params (string Name, string Value)[] members) =>
        from chosen in Gen.Shuffle(members, Math.Max(1, members.Length - 2), members.Length)
        from values in Gen.Frequency((6, Gen.Const("")), (1, Value)).Array[chosen.Length]
        from twice in Gen.Frequency((5, Gen.Const(-1)), (1, Gen.Int[0, chosen.Length - 1]))
        select $"{{{string.Join(',', chosen.Concat(twice < 0 ? [] : [chosen[twice]]).Select((member, i) => $"\"{member.Name}\":{Or(values[i % values.Length], member.Value)}"))}}}";

    private static string Or(string value, string valid) => value.Length > 0 ? value : valid;
}
