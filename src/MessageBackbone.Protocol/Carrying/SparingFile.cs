namespace MessageBackbone.Protocol.Carrying;

/// <summary>A file that is written only while its disk has room for what else lies there: looked at with the first byte, and again every 64 MiB.</summary>
/// <param name="file">Closed with this.</param>
/// <param name="freeBytes">What the disk has now.</param>
/// <param name="kept">So much of it stays free.</param>
public sealed class SparingFile(Stream file, Func<long> freeBytes, Func<long> kept) : Stream
{
    public const long LookedAtEvery = 64L << 20;

    private long _beforeLook;

    public override bool CanRead => file.CanRead;

    public override bool CanSeek => file.CanSeek;

    public override bool CanWrite => file.CanWrite;

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    /// <exception cref="DiskKeptFreeException">There is no room, and nothing of this was written.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Require(buffer.Length);
        file.Write(buffer);
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{byte})"/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Require(buffer.Length);
        return file.WriteAsync(buffer, cancellationToken);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer) => file.Read(buffer);

    public override int Read(byte[] buffer, int offset, int count) => file.Read(buffer, offset, count);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => file.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    public override void SetLength(long value) => file.SetLength(value);

    public override void Flush() => file.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => file.FlushAsync(cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await file.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }

    private void Require(int bytes)
    {
        if (bytes > _beforeLook)
        {
            if (freeBytes() < kept()) throw new DiskKeptFreeException();
            _beforeLook = LookedAtEvery;
        }
        _beforeLook -= bytes;
    }
}

/// <summary>Less is free on the disk than is to stay free.</summary>
public sealed class DiskKeptFreeException() : IOException("Less is free on the disk than FreeDiskKept leaves to what else lies there.");
