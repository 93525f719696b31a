using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Google.Protobuf;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Carrying;

/// <summary>Reads a carry file, never more of it at a time than one record. Who may have signed it is the caller's to judge.</summary>
public sealed class CarryReader
{
    private readonly Stream _file;
    private readonly long _contentAt;

    private CarryReader(Stream file, long contentAt, CarryManifest manifest, SignedObject signed) =>
        (_file, _contentAt, Manifest, Signed) = (file, contentAt, manifest, signed);

    public CarryManifest Manifest { get; }

    /// <summary>Over the manifest; its signature is not verified yet.</summary>
    public SignedObject Signed { get; }

    /// <summary>Reads mark and manifest, and judges what the manifest says.</summary>
    /// <param name="file">Can seek, and belongs to the reader as long as it is used.</param>
    /// <exception cref="CarryFileException">It is no carry file, or an incomplete one.</exception>
    public static async Task<CarryReader> OpenAsync(Stream file, CancellationToken cancellationToken)
    {
        file.Position = 0;
        var front = new byte[CarryFile.Mark.Length];
        if (await file.ReadAtLeastAsync(front, front.Length, throwOnEndOfStream: false, cancellationToken) < front.Length || !front.AsSpan().SequenceEqual(CarryFile.Mark))
            throw CarryFileException.Malformed("This is no carry file.");
        var length = await LengthAsync(file, CarryFile.LargestManifest, cancellationToken);
        var der = new byte[length];
        if (await file.ReadAtLeastAsync(der, length, throwOnEndOfStream: false, cancellationToken) < length) throw Truncated();
        if (!ReceiptBuilding.TryRead(der, CarryManifest.Parser, out var signed, out var manifest, out var problem))
            throw CarryFileException.Malformed($"The file's manifest cannot be read: {problem}");
        if (Problem(manifest) is { } wrong) throw CarryFileException.Malformed($"The file's manifest is not in order: {wrong}");
        var contentAt = file.Position;
        if ((ulong)(file.Length - contentAt) < manifest.ContentSize) throw Truncated();
        if ((ulong)(file.Length - contentAt) > manifest.ContentSize) throw CarryFileException.Malformed("The file is longer than its manifest says.");
        return new CarryReader(file, contentAt, manifest, signed);
    }

    /// <summary>The records in their order. The content's digest is known only at the end: read it once through before anything is done with a record.</summary>
    /// <exception cref="CarryFileException">The content is not what was signed.</exception>
    public async IAsyncEnumerable<CarryRecord> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _file.Position = _contentAt;
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Not disposed: that would close the file.
        var content = new BufferedStream(_file, 128 * 1024);
        var left = (long)Manifest.ContentSize;
        var records = 0ul;
        var parser = CarryRecord.Parser.WithDiscardUnknownFields(true);
        while (left > 0)
        {
            var (bytes, used) = await RecordAsync(content, left, sha256, cancellationToken);
            left -= used;
            records++;
            if (!TryParse(parser, bytes, out var record) || !CarryFile.Fits(Manifest.Direction, record))
                throw CarryFileException.Malformed($"Record {records} of the file is none of a file in this direction.");
            yield return record;
        }
        if (records != Manifest.Records || !sha256.GetHashAndReset().AsSpan().SequenceEqual(Manifest.ContentSha256.Span))
            throw CarryFileException.Malformed("The file's content is not the one that was signed.");
    }

    /// <summary>Reads all records once through, and counts them.</summary>
    /// <exception cref="CarryFileException">The content is not what was signed.</exception>
    public async Task<CarryTally> TallyAsync(CancellationToken cancellationToken)
    {
        var tally = new CarryTally();
        await foreach (var record in ReadAsync(cancellationToken)) tally.Add(record);
        return tally;
    }

    /// <summary>What is to be told of a file. It can seek; where it stands afterwards is not said.</summary>
    /// <exception cref="CarryFileException">It is no carry file, or not whole.</exception>
    public static async Task<CarrySummary> DescribeAsync(Stream file, CancellationToken cancellationToken)
    {
        var reader = await OpenAsync(file, cancellationToken);
        var tally = await reader.TallyAsync(cancellationToken);
        file.Position = 0;
        var sha256 = UnsafeByteOperations.UnsafeWrap(await SHA256.HashDataAsync(file, cancellationToken));
        return tally.Describe(reader.Manifest, sha256, file.Length);
    }

    private static async Task<(byte[] Bytes, long Used)> RecordAsync(Stream content, long left, IncrementalHash sha256, CancellationToken cancellationToken)
    {
        var prefix = new List<byte>(4);
        var length = await LengthAsync(content, CarryFile.LargestRecord, cancellationToken, prefix);
        if (length > left - prefix.Count) throw CarryFileException.Malformed("A record of the file is longer than the file.");
        var bytes = new byte[length];
        if (await content.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, cancellationToken) < length) throw Truncated();
        sha256.AppendData([.. prefix]);
        sha256.AppendData(bytes);
        return (bytes, prefix.Count + length);
    }

    private static bool TryParse(MessageParser<CarryRecord> parser, byte[] bytes, [NotNullWhen(true)] out CarryRecord? record)
    {
        try
        {
            record = parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            record = null;
        }
        return record is not null;
    }

    private static async Task<int> LengthAsync(Stream stream, int most, CancellationToken cancellationToken, List<byte>? read = null)
    {
        var one = new byte[1];
        long length = 0;
        for (var shift = 0; shift < 28; shift += 7)
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0) throw Truncated();
            read?.Add(one[0]);
            length |= (long)(one[0] & 0x7F) << shift;
            if (one[0] < 0x80) return length <= most ? (int)length : throw CarryFileException.Malformed("A part of the file is larger than such a part may be.");
        }
        throw CarryFileException.Malformed("A length in the file cannot be read.");
    }

    private static string? Problem(CarryManifest manifest)
    {
        if (!BureauCode.TryParse(manifest.Bureau, out _)) return "it names no bureau.";
        if (manifest.Direction is not (CarryDirection.ToNode or CarryDirection.ToBureau)) return "it names no direction.";
        if (manifest.Number is 0 or > long.MaxValue || manifest.Received > long.MaxValue) return "it has no number.";
        if (manifest.PreviousSha256.Length != (manifest.Number == 1 ? 0 : Digests.Size)) return "it does not name the file before.";
        if (manifest.ContentSha256.Length != Digests.Size || manifest.ContentSize > long.MaxValue) return "it does not say what the content is.";
        if (manifest.Records > CarryFile.MostRecords) return "it has too many records.";
        return TimestampReading.TryRead(manifest.CreatedAt, out _) ? null : "it has no time.";
    }

    private static CarryFileException Truncated() => CarryFileException.Malformed("The file is incomplete: its end is missing. Copy it again.");
}
