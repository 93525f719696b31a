using System.Security.Cryptography;
using Google.Protobuf;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Carrying;

/// <summary>Writes the content of a carry file, record by record, and knows what a manifest must say of it. Not for concurrent use.</summary>
/// <param name="mostRecords">So many, and no more: a file with more is none that anybody reads.</param>
/// <param name="mostBytes">So many, and no more: a longer file is none that anybody takes.</param>
public sealed class CarryContent(Stream target, ulong mostRecords = CarryFile.MostRecords, long mostBytes = CarryFile.MostContent) : IDisposable
{
    private const int LargestLength = 4; // a varint up to LargestRecord

    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly MemoryStream _buffer = new();

    public long Size { get; private set; }

    public CarryTally Tally { get; } = new();

    /// <summary>So many records more may be added.</summary>
    public ulong Room => mostRecords - Tally.Records;

    /// <summary>They may have so many bytes, with their lengths.</summary>
    public long RoomBytes => mostBytes - Size;

    /// <summary>There is no room for every record that there can be.</summary>
    public bool IsFull => Room == 0 || RoomBytes < CarryFile.LargestRecord + LargestLength;

    /// <exception cref="ArgumentException">The record is larger than a file may hold.</exception>
    /// <exception cref="InvalidOperationException">There is no <see cref="Room"/>, or there are no <see cref="RoomBytes"/>.</exception>
    public async Task AddAsync(CarryRecord record, CancellationToken cancellationToken)
    {
        if (record.CalculateSize() > CarryFile.LargestRecord) throw new ArgumentException("The record is larger than a carry file may hold.", nameof(record));
        if (Room == 0) throw new InvalidOperationException("The file has as many records as it may.");
        _buffer.SetLength(0);
        record.WriteDelimitedTo(_buffer);
        if (_buffer.Length > RoomBytes) throw new InvalidOperationException("The file is as long as it may be.");
        var bytes = _buffer.GetBuffer().AsMemory(0, (int)_buffer.Length);
        _sha256.AppendData(bytes.Span);
        await target.WriteAsync(bytes, cancellationToken);
        Size += bytes.Length;
        Tally.Add(record);
    }

    /// <summary>Fills in what the content is.</summary>
    public CarryManifest Describe(CarryManifest manifest)
    {
        manifest.ContentSha256 = UnsafeByteOperations.UnsafeWrap(_sha256.GetCurrentHash());
        manifest.ContentSize = (ulong)Size;
        manifest.Records = Tally.Records;
        return manifest;
    }

    public void Dispose()
    {
        _sha256.Dispose();
        _buffer.Dispose();
    }
}
