using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Weights files: what is written, what is read, what is refused.</summary>
public sealed class WeightsFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-weights-").FullName;

    private string File => Path.Combine(folder, "w.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_file_is_written_strictly_byte_for_byte()
    {
        WeightsFile.Save(File, [new WeightTensor("b", [2], [1.5f, -2f]), new WeightTensor("a.weight", [1, 3], [0f, 1f, 2f])]);
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        const string header = """{"a.weight":{"dtype":"F32","shape":[1,3],"data_offsets":[0,12]},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}""";
        int padded = (header.Length + 7) / 8 * 8;
        Assert.Equal(padded, BinaryPrimitives.ReadInt64LittleEndian(bytes));
        Assert.Equal(header.PadRight(padded), Encoding.ASCII.GetString(bytes, 8, padded));
        float[] values = [0f, 1f, 2f, 1.5f, -2f];
        Assert.Equal(values.SelectMany(BitConverter.GetBytes), bytes[(8 + padded)..]);
        Assert.Equal(["w.safetensors"], Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void What_PyTorch_wrote_is_read_and_comes_out_of_a_network_unchanged()
    {
        IReadOnlyList<WeightTensor> tensors = WeightsFile.Load(Oracle.File("cnn2.init.safetensors"));
        Assert.Equal(ModelZoo.Cnn2.Parameters.Select(spec => spec.Name).Order(StringComparer.Ordinal), tensors.Select(tensor => tensor.Name));
        Dictionary<string, WeightTensor> expected = Oracle.Weights(ModelZoo.Cnn2).ToDictionary(tensor => tensor.Name);
        foreach (WeightTensor tensor in tensors)
        {
            Assert.Equal(expected[tensor.Name].Shape, tensor.Shape);
            Assert.Equal(expected[tensor.Name].Values, tensor.Values);
        }
        using var network = new Network(ModelZoo.Cnn2, Kernels.Tests.TestDevices.Cpu(2), 1, training: false);
        network.ImportWeights(tensors);
        WeightsFile.Save(File, network.ExportWeights());
        foreach (WeightTensor tensor in WeightsFile.Load(File))
        {
            Assert.Equal(expected[tensor.Name].Shape, tensor.Shape);
            Assert.Equal(expected[tensor.Name].Values, tensor.Values);
        }
    }

    [Fact]
    public void PyTorchs_count_of_a_normalizations_steps_is_passed_over_and_nothing_else_of_that_type()
    {
        const string counter = """{"norm1.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"norm1.weight":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""";
        Write(counter, [0f, 0f, 3f]);
        WeightTensor tensor = Assert.Single(WeightsFile.Load(File));
        Assert.Equal(("norm1.weight", 3f), (tensor.Name, tensor.Values[0]));
        // Cast with all the others, and then more than half precision holds.
        Write(counter.Replace("I64", "F32", StringComparison.Ordinal).Replace("[0,8]", "[0,4]", StringComparison.Ordinal).Replace("[8,12]", "[4,8]", StringComparison.Ordinal), [float.PositiveInfinity, 3f]);
        Assert.Equal("norm1.weight", Assert.Single(WeightsFile.Load(File)).Name);
        Write(counter.Replace("num_batches_tracked", "num_batches", StringComparison.Ordinal), [0f, 0f, 3f]);
        Assert.Contains("gives tensor 'norm1.num_batches' the type I64", Assert.Throws<InvalidFileException>(() => WeightsFile.Load(File)).Message, StringComparison.Ordinal);
        Write(counter.Replace("\"shape\":[],", "\"shape\":[2],", StringComparison.Ordinal), [0f, 0f, 3f]);
        Assert.Contains("8 bytes for 2 elements", Assert.Throws<InvalidFileException>(() => WeightsFile.Load(File)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_and_any_order_are_read()
    {
        Write("""{"z":{"shape":[1],"data_offsets":[0,4],"dtype":"F32"},"__metadata__":{"format":"pt"},"a":{"dtype":"F32","data_offsets":[4,12],"shape":[2,1]}}""", [7f, 8f, 9f]);
        IReadOnlyList<WeightTensor> tensors = WeightsFile.Load(File);
        Assert.Equal(["a", "z"], tensors.Select(tensor => tensor.Name));
        Assert.Equal([8f, 9f], tensors[0].Values);
        Assert.Equal([7f], tensors[1].Values);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "gives tensor 'a' 4 bytes for 2 elements")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "where another tensor lies")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "where a gap from byte 0 ends")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "its tensors end at byte 4 of 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", "puts tensor 'a' at bytes 0 to 12 of 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "puts tensor 'a' at bytes -8 to 0 of 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775808,9223372036854775816]}}""", "puts tensor 'a' at bytes 9223372036854775808")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "puts tensor 'a' at bytes 8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", "more elements than the file has bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999],"data_offsets":[0,8]}}""", "a dimension of 99999999999")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "a dimension of -2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", "a dimension of 0")]
    [InlineData("""{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", "the type F64; F32, F16, BF16 are read")]
    [InlineData("""{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}""", "gives tensor 'a' 8 bytes for 2 elements")]
    [InlineData("""{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,8]}}""", "gives tensor 'a' 8 bytes for 1 elements")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "names 'a' twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}""", "1 dimensions and 3 offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""", "9 dimensions")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "is not the JSON it should be")]
    [InlineData("""{"a":{"dtype":3,"shape":[2],"data_offsets":[0,8]}}""", "is not the JSON it should be")]
    [InlineData("""{"a":[1,2]}""", "is not the JSON it should be")]
    [InlineData("""[]""", "is not the JSON it should be")]
    [InlineData("""{"a":""", "is not the JSON it should be")]
    [InlineData("""{}""", "it has no tensors")]
    public void A_damaged_header_is_refused_in_one_line(string header, string problem)
    {
        Write(header, [1f, 2f]);
        Refused(problem);
    }

    [Fact]
    public void A_file_that_is_missing_empty_cut_or_claims_a_giant_header_is_refused()
    {
        Refused("there is no such file");
        System.IO.File.WriteAllBytes(File, []);
        Refused("it has 0 bytes");
        foreach (ulong length in (ulong[])[1000, 1ul << 40, ulong.MaxValue, 1ul << 63])
        {
            byte[] bytes = new byte[64];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
            System.IO.File.WriteAllBytes(File, bytes);
            Refused($"it claims a header of {length} bytes");
        }
        System.IO.File.WriteAllBytes(File, [.. "PK\u0003\u0004\0\0\b\b"u8, .. new byte[56]]);
        Refused("it is an archive, as torch.save writes, not safetensors; save with safetensors.torch.save_file");
        System.IO.File.WriteAllBytes(File, [0x89, .. "HDF\r\n\u001a\n"u8, .. new byte[56]]);
        Refused("it is HDF5, not safetensors; 'gpucnn import' makes");
        WeightsFile.Save(File, [new WeightTensor("a", [4], [1f, 2f, 3f, 4f])]);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        for (int cut = 0; cut < whole.Length; cut++)
        {
            System.IO.File.WriteAllBytes(File, whole[..cut]);
            Assert.Throws<InvalidFileException>(() => WeightsFile.Load(File));
        }
    }

    [Theory]
    [InlineData("F16", 5, 10)]
    [InlineData("BF16", 8, 7)]
    public void All_values_of_half_precision_are_read_exactly(string type, int exponentBits, int mantissaBits)
    {
        // By the definition of the format, in double precision: sign, exponent with its bias, mantissa with its hidden one unless the exponent is zero.
        int largest = (1 << exponentBits) - 1, bias = largest / 2;
        double Value(int bits)
        {
            int exponent = (bits >> mantissaBits) & largest, mantissa = bits & ((1 << mantissaBits) - 1);
            double fraction = mantissa / (double)(1 << mantissaBits);
            return (bits >> 15 == 0 ? 1 : -1) * (exponent == 0 ? fraction * Math.Pow(2, 1 - bias) : (1 + fraction) * Math.Pow(2, exponent - bias));
        }
        bool IsFinite(int bits) => ((bits >> mantissaBits) & largest) != largest;
        int[] finite = [.. Enumerable.Range(0, 65_536).Where(IsFinite)];
        Assert.Equal(65_536 - (2 << mantissaBits), finite.Length);
        WriteHalf(type, [.. finite.Select(bits => (ushort)bits)]);
        WeightTensor tensor = Assert.Single(WeightsFile.Load(File));
        Assert.Equal([finite.Length], tensor.Shape);
        for (int i = 0; i < finite.Length; i++)
        {
            Assert.True(BitConverter.DoubleToInt64Bits(Value(finite[i])) == BitConverter.DoubleToInt64Bits(tensor.Values[i]), $"{type} {finite[i]:x4} is {Value(finite[i])}, read {tensor.Values[i]}");
        }
        foreach (int bits in Enumerable.Range(0, 65_536).Where(bits => !IsFinite(bits)))
        {
            WriteHalf(type, [0, (ushort)bits]);
            Refused((bits & ((1 << mantissaBits) - 1)) != 0 ? "tensor 'h' has NaN at element 1" : $"tensor 'h' has {(bits >> 15 == 0 ? "" : "-")}Infinity at element 1");
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_not_finite_are_refused(float value)
    {
        WeightsFile.Save(File, [new WeightTensor("a", [1], [0f]), new WeightTensor("b", [3], [1f, 2f, value])]);
        Refused($"tensor 'b' has {value} at element 2");
    }

    [Fact]
    public void A_write_that_fails_leaves_the_file_as_it_was()
    {
        AtomicFile.Write(File, stream => stream.Write("old"u8));
        Assert.Throws<IOException>(() => AtomicFile.Write(File, stream =>
        {
            stream.Write("new"u8);
            throw new IOException("no space");
        }));
        Assert.Equal("old", System.IO.File.ReadAllText(File));
        Assert.Single(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void Whatever_the_bytes_only_a_refusal_comes_out()
    {
        WeightsFile.Save(File, [new WeightTensor("conv1.weight", [2, 1, 3, 3], new float[18]), new WeightTensor("conv1.bias", [2], [1f, 2f])]);
        byte[] valid = System.IO.File.ReadAllBytes(File);
        Gen.Select(Gen.Int[0, valid.Length - 1].Array[1, 4], Gen.Byte.Array[1, 4], Gen.Int[0, valid.Length], Gen.Bool).Sample((places, bytes, length, cut) =>
        {
            byte[] mutated = [.. valid];
            for (int i = 0; i < places.Length; i++)
            {
                mutated[places[i]] = bytes[i % bytes.Length];
            }
            System.IO.File.WriteAllBytes(File, cut ? mutated[..length] : mutated);
            try
            {
                WeightsFile.Load(File);
            }
            catch (InvalidFileException exception)
            {
                Assert.StartsWith(File, exception.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', exception.Message);
            }
        }, iter: 5000, threads: 1);
    }

    private void Refused(string problem)
    {
        InvalidFileException exception = Assert.Throws<InvalidFileException>(() => WeightsFile.Load(File));
        Assert.StartsWith($"{File}: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    private void WriteHalf(string type, ushort[] bits)
    {
        string header = $$$"""{"h":{"dtype":"{{{type}}}","shape":[{{{bits.Length}}}],"data_offsets":[0,{{{2 * bits.Length}}}]}}""";
        System.IO.File.WriteAllBytes(File, [.. BitConverter.GetBytes((long)header.Length), .. Encoding.ASCII.GetBytes(header), .. bits.SelectMany(BitConverter.GetBytes)]);
    }

    private void Write(string header, float[] values) =>
        System.IO.File.WriteAllBytes(File, [.. BitConverter.GetBytes((long)header.Length), .. Encoding.ASCII.GetBytes(header), .. values.SelectMany(BitConverter.GetBytes)]);
}
