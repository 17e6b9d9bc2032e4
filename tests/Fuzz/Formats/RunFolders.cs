using System.Text;
using CsCheck;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Reports.Html;

namespace GpuCnn.Fuzz.Formats;

/// <summary>The files of a run folder, through the commands and reports that read them.</summary>
internal static class RunFolders
{
    private static readonly (string Name, string Value)[] ArgsMembers =
    [
        ("version", "\"0.1.0\""), ("model", "\"cnn1\""), ("accelerator", "\"cpu:0\""), ("accelerator_name", "\"CPU\""), ("threads", "0"), ("data", "\"data\""), ("weights", "null"), ("seed", "1"),
        ("epochs", "3"), ("batch_size", "512"), ("learning_rate", "0.001"), ("validation_split", "0.2"), ("shuffle", "true"), ("dropout", "true"), ("train_samples", "1000"),
        ("schedule", "\"plateau=1:0.5:val_loss\""), ("warm_up", "0.5"), ("stop_patience", "2"), ("stop_metric", "\"val_loss\""), ("stop_min_change", "0.001"),
    ];

    private static readonly (string Name, string Value)[] StateMembers =
    [
        ("status", "\"done\""), ("process", "1"), ("process_started", "\"2026-01-01T00:00:00+00:00\""), ("machine", "\"here\""), ("steps_per_epoch", "2"), ("training_images", "800"),
        ("validation_images", "200"), ("started", "\"2026-01-01T00:00:00+00:00\""), ("ended", "\"2026-01-01T00:00:09+00:00\""), ("problem", "null"),
        ("stopped_early", "{\"epoch\": 2, \"metric\": \"val_loss\", \"best\": 0.7, \"best_epoch\": 1, \"patience\": 1, \"min_change\": 0.1}"),
    ];

    private static readonly (string Name, string Value)[] SeedsMembers =
    [
        ("run", "\"runs/cnn1-1\""), ("model", "\"cnn1\""), ("parameters", "693962"), ("accelerator", "\"cpu:0\""), ("seed", "1"), ("seeds", "3"),
        ("runs", "[{\"seed\": 1, \"run\": \"r\", \"epochs\": 3, \"best_epoch\": 2, \"test_accuracy\": 0.9, \"test_loss\": 0.3, \"test_best_accuracy\": 0.91, \"test_best_loss\": 0.29, \"train_seconds\": 3.5, \"stopped_early\": null}]"),
        ("test", "{\"accuracy\": 0.9, \"half_width\": 0.01}"), ("test_best", "null"),
    ];

    private const string ResultsText = """
        epoch,train_loss,train_accuracy,val_loss,val_accuracy,learning_rate,train_seconds,images_per_second
        1,0.9,0.6,0.7,0.7,0.001,1.5,533
        2,0.7,0.7,0.65,0.72,0.001,1.4,571

        """;

    private const string StepsText = "step,loss\n1,2.3\n2,1.9\n3,1.5\n4,1.2\n";

    /// <summary>args.json, read by <c>watch</c>.</summary>
    public static Target Args { get; } = Watched("args", RunFiles.Args, JsonText(ArgsMembers)) with { Structures = Json.Object(ArgsMembers).Select(Encoding.UTF8.GetBytes) };

    /// <summary>state.json.</summary>
    public static Target State { get; } = Watched("state", RunFiles.State, JsonText(StateMembers)) with { Structures = Json.Object(StateMembers).Select(Encoding.UTF8.GetBytes) };

    /// <summary>results.csv.</summary>
    public static Target Results { get; } = Watched("results", RunFiles.Results, ResultsText) with { Structures = Csv(8) };

    /// <summary>steps.csv.</summary>
    public static Target Steps { get; } = Watched("steps", RunFiles.Steps, StepsText) with { Structures = Csv(2) };

    /// <summary>args.json, read for a report.</summary>
    public static Target NotesOfArgs { get; } = Noted("notes-args", RunFiles.Args, JsonText(ArgsMembers)) with { Structures = Json.Object(ArgsMembers).Select(Encoding.UTF8.GetBytes) };

    /// <summary>results.csv, read for a report.</summary>
    public static Target NotesOfResults { get; } = Noted("notes-results", RunFiles.Results, ResultsText) with { Structures = Csv(8) };

    /// <summary>seeds.json, read to go on with the training of several seeds.</summary>
    public static Target Seeds { get; } = new("seeds", RunFiles.Seeds, [Encoding.UTF8.GetBytes(JsonText(SeedsMembers))], path =>
    {
        using var folder = SeedFolder.Open(Path.GetDirectoryName(path)!);
        SeedsDocument seeds = SeedFolder.Read(folder.Path);
        return seeds.Runs.Aggregate(seeds, (all, run) => all.With(run)).Table().Length;
    })
    {
        Structures = Json.Object(SeedsMembers).Select(Encoding.UTF8.GetBytes),
        Words = ["1e308", "-1", "18446744073709551615", "null", "[]", "\uFEFF"],
    };

    private static Target Watched(string name, string file, string seed) => new(name, file, [Encoding.UTF8.GetBytes(seed)], path =>
    {
        string folder = Path.GetDirectoryName(path)!;
        Commands.Run($"watch --once {folder}");
        Commands.Run($"watch --once --json {folder}");
        return 0;
    })
    {
        Surround = Surround,
        Words = ["running", "interrupted", "failed", "epoch", "inf", "-nan", "1e38", ",,,,", "\r\n", "\uFEFF"],
    };

    private static Target Noted(string name, string file, string seed) => new(name, file, [Encoding.UTF8.GetBytes(seed)], path =>
    {
        RunNotes notes = RunNotes.Read(Path.GetDirectoryName(path)!);
        var page = new HtmlPage("Run", "A run.");
        page.Section("options", "Options", Elements.Table("What the training was started with", ["option", "value"], notes.Options.Select(each => new[] { each.Key, each.Value })));
        return page.ToString().Length;
    })
    {
        Surround = Surround,
        Words = ["epoch", "inf", "-nan", "1e38", ",,,,", "\r\n", "\uFEFF"],
    };

    private static void Surround(string folder)
    {
        File.WriteAllText(Path.Combine(folder, RunFiles.Args), JsonText(ArgsMembers));
        File.WriteAllText(Path.Combine(folder, RunFiles.State), JsonText(StateMembers));
        File.WriteAllText(Path.Combine(folder, RunFiles.Results), ResultsText);
        File.WriteAllText(Path.Combine(folder, RunFiles.Steps), StepsText);
    }

    private static string JsonText((string Name, string Value)[] members) => $"{{{string.Join(", ", members.Select(member => $"\"{member.Name}\": {member.Value}"))}}}\n";

    private static Gen<byte[]> Csv(int columns) =>
        from rows in Gen.Frequency((9, Rows(columns).Array[0, 6]), (1, Rows(columns).Array[200, 2000]))
        from heading in Gen.Frequency((6, Gen.Const("heading\n")), (1, Gen.Const("")))
        from end in Gen.Frequency((6, Gen.Const("")), (1, Gen.OneOf("1", "1,2", "\r", "\0", new string('9', 5000))))
        select Encoding.UTF8.GetBytes(heading + string.Concat(rows) + end);

    private static Gen<string> Rows(int columns) => Gen.Frequency(
        (8, Cell.Array[columns].Select(cells => string.Join(',', cells) + "\n")), (1, Cell.Array[0, columns + 2].Select(cells => string.Join(',', cells) + "\n")));

    private static Gen<string> Cell => Gen.Frequency((6, Gen.Int[0, 9].Select(number => $"{number}")), (2, Json.Number),
        (1, Gen.OneOf("", " ", "NaN", "inf", "-", "1 000", "\u001b[31m", "\"", "x")));
}
