namespace GpuCnn;

/// <summary>How large a file from a stranger, and what it says of itself, may be. Whatever is beyond is refused before memory is taken for it. SECURITY.md has them as a table.</summary>
internal static class FileLimits
{
    /// <summary>Bytes of a safetensors header; that of a model with a hundred layers has some 20,000.</summary>
    public const int SafetensorsHeaderBytes = 16 << 20;

    /// <summary>Bytes of a checkpoint's header, which has some 200 for each epoch.</summary>
    public const int CheckpointHeaderBytes = 256 << 20;

    /// <summary>Values, brackets and names in a safetensors header: twenty for each tensor, and as many again of metadata.</summary>
    public const int SafetensorsHeaderValues = 400_000;

    /// <summary>Tensors of a weights file.</summary>
    public const int Tensors = 10_000;

    /// <summary>Dimensions of a tensor.</summary>
    public const int Dimensions = 8;

    /// <summary>Levels of a JSON document.</summary>
    public const int JsonDepth = 8;

    /// <summary>Bytes of a JSON document of a run folder.</summary>
    public const int DocumentBytes = 1 << 20;

    /// <summary>Characters of a line of results.csv and steps.csv.</summary>
    public const int LineCharacters = 1024;

    /// <summary>Rows of results.csv: as many epochs as a training may have.</summary>
    public const int ResultRows = 1_000_000;

    /// <summary>Elements of an unpacked IDX file: 2 GiB of images would not fit an array.</summary>
    public const int IdxElements = 1 << 30;

    /// <summary>Bytes of an .h5 file of Keras.</summary>
    public const int KerasBytes = 1 << 30;

    /// <summary>Elements of all values of an ONNX graph that <c>export --check</c> runs; each takes eight bytes.</summary>
    public const int OnnxElements = 1 << 28;

    /// <summary>Multiplications or comparisons that it does.</summary>
    public const long OnnxOperations = 1L << 40;

    /// <summary>Bytes of an image file.</summary>
    public const int ImageBytes = 256 << 20;

    /// <summary>Pixels of an image; a decoder takes four bytes for each.</summary>
    public const int ImagePixels = 50_000_000;

    /// <summary>Classes of a data set: a label is a byte.</summary>
    public const int Classes = 256;

    /// <summary>Characters of a class's name.</summary>
    public const int ClassNameCharacters = 200;
}
