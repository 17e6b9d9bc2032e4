using System.Globalization;
using System.Reflection;
using GpuCnn.Fuzz;
using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports.Html;
using SkiaSharp;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>What SECURITY.md says.</summary>
public sealed class SecurityTests(TinyData tiny) : IClassFixture<TinyData>
{
    private const string Hostile = "a\u001b[31mred\u001b]0;title\u0007\nb\r\u009b2J\u202e<script>alert(1)</script>\"'&]]></style>";

    public static TheoryData<string> Limits => [.. typeof(FileLimits).GetFields(BindingFlags.Public | BindingFlags.Static).Select(limit => limit.Name)];

    [Theory]
    [MemberData(nameof(Limits))]
    public void Every_limit_stands_in_the_document_as_it_is(string name)
    {
        string document = File.ReadAllText(Path.Combine(Repository(), "SECURITY.md"));
        object value = typeof(FileLimits).GetField(name)!.GetRawConstantValue()!;
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| `{name}` | {value:#,0} |"), document, StringComparison.Ordinal);
    }

    [Fact]
    public void The_document_has_no_limit_that_there_is_not() =>
        Assert.Equal(typeof(FileLimits).GetFields().Length, File.ReadLines(Path.Combine(Repository(), "SECURITY.md")).Count(line => line.StartsWith("| `", StringComparison.Ordinal) && char.IsAsciiLetterUpper(line[3])));

    [Theory]
    [InlineData("evaluate --weights PATH")]
    [InlineData("evaluate --weights CNN1 --data PATH")]
    [InlineData("evaluate --weights TENSOR")]
    [InlineData("show PATH")]
    [InlineData("watch PATH")]
    [InlineData("models PATH")]
    [InlineData("train --model PATH")]
    [InlineData("import PATH --output OUT")]
    public void A_hostile_name_reaches_no_terminal(string commandLine)
    {
        string tensor = tiny.New("tensor");
        WeightsFile.Save(tensor, [new WeightTensor(Hostile, [1], [1f])]);
        string[] args = [.. commandLine.Split(' ').Select(word => word switch { "PATH" => Path.Combine(tiny.Root, Hostile.Replace('/', '|')), "CNN1" => tiny.Weights, "TENSOR" => tensor, "OUT" => tiny.New("out.safetensors"), _ => word })];
        foreach (string[] each in (string[][])[args, [.. args, "--verbose"]])
        {
            CommandRun run = CommandRun.Of(each);
            Assert.Equal(2, run.ExitCode);
            Assert.All((run.Out + run.Error).Split('\n'), line => Assert.True(Oracle.IsPlain(line), line.Replace('\u001b', '^')));
        }
        Assert.Single(CommandRun.Of(args).ErrorLines);
    }

    [Fact]
    public void A_picture_with_a_hostile_name_is_shown_under_a_plain_one()
    {
        string path = Path.Combine(tiny.Root, "a\u001b[31m\nb\u009b.png");
        File.WriteAllBytes(path, Png(3, 2));
        CommandRun run = CommandRun.Of("show", path, "--numbers");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("a?[31m?b?.png", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Out);
    }

    [Fact]
    public void A_class_has_a_plain_name_whatever_a_file_calls_it()
    {
        var images = new ImageSet(new byte[1], new byte[1], new TensorShape(1, 1, 1), [Hostile, new string('x', 5000)]);
        Assert.All(images.ClassNames, name => Assert.True(Oracle.IsPlain(name)));
        Assert.All(images.ClassNames, name => Assert.True(name.Length <= FileLimits.ClassNameCharacters + 3));
    }

    [Fact]
    public void A_page_escapes_what_it_is_given()
    {
        var page = new HtmlPage(Hostile, Hostile);
        page.Section("s", Hostile, Elements.Table(Hostile, [Hostile], [[Hostile]]), Elements.Image(Png(1, 1), Hostile));
        string html = page.ToString();
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', html);
        Assert.Single(html.Split("</style>")[1..]);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void Other_formats_reach_no_decoder(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(4, 4);
        using SKData data = bitmap.Encode(format, 80);
        string path = tiny.New("picture");
        File.WriteAllBytes(path, data.ToArray());
        Assert.Contains("give PNG or JPEG files", Assert.Throws<InvalidFileException>(() => ImageFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_beyond_a_limit_is_refused_and_one_at_the_limit_is_read()
    {
        string path = tiny.New("bytes");
        File.WriteAllBytes(path, new byte[5000]);
        Assert.Equal(5000, FileReader.ReadAll(path, 5000).Length);
        Assert.Contains("it has 5000 bytes, more than the 4999", Assert.Throws<InvalidFileException>(() => FileReader.ReadAll(path, 4999)).Message, StringComparison.Ordinal);
    }

    private static byte[] Png(int width, int height)
    {
        using var bitmap = new SKBitmap(width, height);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static string Repository()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "SECURITY.md")))
        {
            folder = folder.Parent!;
        }
        return folder.FullName;
    }
}
