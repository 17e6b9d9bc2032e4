using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using GpuCnn.Runner.Onnx;
using Xunit;

namespace GpuCnn.Runner.Tests.Packages;

/// <summary>The two packages as a user meets them: what is in them, a tool that works in an empty folder, a program that needs one reference.</summary>
public sealed class PackageTests(Packed packed, TinyData tiny) : IClassFixture<Packed>, IClassFixture<TinyData>
{
    private const long Megabyte = 1 << 20;

    private static readonly string[] Documents = ["src/Network/PACKAGE.md", "README.md"];

    /// <summary>The programs that documents show in whole.</summary>
    public static TheoryData<string, int> Programs => new([.. Documents.SelectMany(document => Shown(document).Select((_, number) => (document, number)))]);

    [Fact]
    public void Packing_gives_the_two_packages_and_the_symbols_of_the_library()
    {
        Assert.Equal([Path.GetFileName(packed.Library), Path.GetFileName(packed.Symbols), Path.GetFileName(packed.Tool)],
            Directory.GetFiles(packed.Feed).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Snapshot.Matches(Files(packed.Library), "GpuCnn.files.txt");
        Snapshot.Matches(Files(packed.Symbols), "GpuCnn.symbols.txt");
        Snapshot.Matches(Files(packed.Tool), "GpuCnn.Tool.files.txt");
        Assert.InRange(new FileInfo(packed.Library).Length, 1, Megabyte);
        Assert.InRange(new FileInfo(packed.Tool).Length, 1, 80 * Megabyte);
    }

    [Fact]
    public void The_library_names_what_it_needs_and_nothing_of_the_machine_it_was_packed_on()
    {
        XElement package = Specification(packed.Library), tool = Specification(packed.Tool);
        Assert.Equal(["Google.Protobuf", "ILGPU", "ILGPU.Algorithms", "System.IO.Hashing"], All(package, "dependency").Select(each => each.Attribute("id")!.Value).Order(StringComparer.Ordinal));
        Assert.Empty(All(tool, "dependency"));
        foreach (XElement each in (XElement[])[package, tool])
        {
            Assert.Equal("MIT", All(each, "license").Single().Value);
            Assert.DoesNotContain(Path.GetTempPath(), each.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(Packed.Repository, each.ToString(), StringComparison.Ordinal);
            Assert.All(All(each, "repository").Attributes("url"), url => Assert.StartsWith("http", url.Value, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Symbols_name_sources_from_the_root_of_the_repository()
    {
        Assert.SkipUnless(Packed.IsRelease, "a debug build keeps the paths of sources, for breakpoints");
        using ZipArchive archive = ZipFile.OpenRead(packed.Symbols);
        foreach (ZipArchiveEntry entry in archive.Entries.Where(entry => entry.Name.EndsWith(".pdb", StringComparison.Ordinal)))
        {
            using Stream stream = entry.Open();
            using var content = new MemoryStream();
            stream.CopyTo(content);
            content.Position = 0;
            using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(content);
            MetadataReader reader = provider.GetMetadataReader();
            string[] sources = [.. reader.Documents.Select(handle => reader.GetString(reader.GetDocument(handle).Name))];
            Assert.Contains(sources, source => source.StartsWith("/_/src/", StringComparison.Ordinal));
            Assert.All(sources, source => Assert.StartsWith("/_/", source, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_tool_trains_and_predicts_in_an_empty_folder_with_nothing_but_its_package()
    {
        string tools = Path.Combine(packed.Root, "tools"), folder = packed.New("empty");
        packed.Dotnet(folder, "tool", "install", "GpuCnn.Tool", "--version", packed.Version, "--tool-path", tools, "--source", packed.Feed);
        string gpucnn = Path.Combine(tools, OperatingSystem.IsWindows() ? "gpucnn.exe" : "gpucnn");
        Assert.StartsWith(packed.Version, packed.Run(folder, gpucnn, "--version"), StringComparison.Ordinal);
        JsonElement trained = Json(packed.Run(folder, gpucnn, "train", "--epochs", "1", "--train-samples", "640", "--accelerator", "cpu", "--json", "--quiet"));
        Assert.Equal(10_000, trained.GetProperty("test").GetProperty("samples").GetInt32());
        JsonElement predicted = Json(packed.Run(folder, gpucnn, "predict", "--weights", Path.Combine("runs", "cnn1-1", "weights", "last.safetensors"), "--count", "3", "--accelerator", "cpu", "--json"));
        Assert.Equal(3, predicted.GetArrayLength());
        Assert.Contains(predicted[0].GetProperty("label").GetString(), FashionMnist.ClassNames);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_program_that_a_document_shows_builds_without_a_warning_and_runs(string document, int number)
    {
        string folder = packed.New($"program-{Path.GetFileName(Path.GetDirectoryName(document))}-{number}");
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Shown(document)[number]);
        File.WriteAllText(Path.Combine(folder, "program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="GpuCnn" Version="[{packed.Version}]" />
              </ItemGroup>
            </Project>
            """);
        // What GpuCnn needs comes from the packages that this repository was built with.
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{packed.Feed}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="built" value="{GlobalPackages()}" /></fallbackPackageFolders>
            </configuration>
            """);
        packed.Dotnet(folder, "build", "-c", "Release", "-o", "out");
        string said = packed.Dotnet(folder, "exec", Path.Combine("out", "program.dll"), tiny.Data);
        Assert.Matches(@"epoch 5: loss \d\.\d{3}, validation accuracy [01]\.\d{3}\n", said);
        Assert.Matches(@"test accuracy [01]\.\d{3}\n", said);
        TrainedModel model = TrainedModel.Load(Path.Combine(folder, "model.safetensors"));
        Assert.Equal(FashionMnist.ClassNames, model.ClassNames);
        Match line = Regex.Match(said.TrimEnd(), @"\n([^\n]+): ([01]\.\d{3})$");
        Assert.Contains(line.Groups[1].Value, FashionMnist.ClassNames);
        ImageSet images = IdxDataSet.Open(tiny.Data).LoadTest().Slice(0, 4);
        using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), 2);
        using var classifier = new Classifier(model, device, maxBatch: 4);
        Assert.InRange(OnnxCheck.Compare(Path.Combine(folder, "model.onnx"), images, classifier.Predict(images)), 0, 1e-5);
    }

    /// <summary>The whole programs in a document: its blocks of C# that begin with the library's namespace.</summary>
    private static string[] Shown(string document) =>
        [.. Regex.Matches(File.ReadAllText(Path.Combine(Packed.Repository, document)), "```csharp\n(using GpuCnn;.*?)```", RegexOptions.Singleline).Select(match => match.Groups[1].Value)];

    private static string Files(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        return string.Join('\n', archive.Entries.Select(entry => entry.FullName).Order(StringComparer.Ordinal));
    }

    private static XElement Specification(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        using Stream stream = archive.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XElement.Load(stream);
    }

    private static IEnumerable<XElement> All(XElement specification, string name) => specification.Descendants().Where(each => each.Name.LocalName == name);

    private static JsonElement Json(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private static string GlobalPackages() => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}
