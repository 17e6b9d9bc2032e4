using Microsoft.Win32.SafeHandles;

namespace GpuCnn;

/// <summary>Writes to a new file.</summary>
internal sealed class FileCallStream(IFileCalls calls, SafeFileHandle file) : Stream
{
    private long position, length;

    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => length;

    public override long Position
    {
        get => position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        calls.Write(file, buffer, position);
        position += buffer.Length;
        length = Math.Max(length, position);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin)
    {
        long to = offset + (origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => position,
            _ => length,
        });
        ArgumentOutOfRangeException.ThrowIfNegative(to, nameof(offset));
        return position = to;
    }

    public override void SetLength(long value) => throw new NotSupportedException();
}
