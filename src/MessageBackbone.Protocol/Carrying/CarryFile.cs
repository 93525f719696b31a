using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Carrying;

/// <summary>The form of a carry file (carry.proto): mark, signed manifest, content.</summary>
public static class CarryFile
{
    public const int LargestManifest = 16 * 1024;

    /// <summary>A body and a header as the contract limits them, and room for the rest of a delivery.</summary>
    public const int LargestRecord = 4 << 20;

    public const ulong MostRecords = 5_000_000;

    /// <summary>More than goes from or to one bureau in a month. Nobody writes a longer file, and nobody takes one; it must fit on a disk twice.</summary>
    public const long LargestFile = 16L << 30;

    /// <summary>What is left of it behind mark, length and manifest.</summary>
    public const long MostContent = LargestFile - LargestManifest - 16;

    /// <summary>How a file begins: 8 bytes.</summary>
    public static ReadOnlySpan<byte> Mark => "MBCARRY1"u8;

    /// <summary>Writes the whole file.</summary>
    /// <param name="target">From its position on.</param>
    /// <param name="manifest">What <paramref name="content"/> is, and all else that is signed.</param>
    /// <param name="content">From its position to its end: what a <see cref="CarryContent"/> wrote.</param>
    /// <returns>SHA-256 of the file, and its size.</returns>
    public static async Task<(byte[] Sha256, long Size)> WriteAsync(
        Stream target, CarryManifest manifest, Stream content, X509Certificate2 sign, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var signed = ReceiptBuilding.Sign(manifest, sign, at);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] front = [.. Mark, .. Length(signed.Length), .. signed];
        sha256.AppendData(front);
        await target.WriteAsync(front, cancellationToken);
        var size = (long)front.Length;
        var buffer = new byte[128 * 1024];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            sha256.AppendData(buffer, 0, read);
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            size += read;
        }
        return (sha256.GetHashAndReset(), size);
    }

    /// <summary>Whether files in this direction hold such records.</summary>
    public static bool Fits(CarryDirection direction, CarryRecord record) => record.RecordCase switch
    {
        CarryRecord.RecordOneofCase.Envelope or CarryRecord.RecordOneofCase.Receipt or CarryRecord.RecordOneofCase.Question => direction == CarryDirection.ToNode,
        CarryRecord.RecordOneofCase.None => false,
        _ => direction == CarryDirection.ToBureau,
    };

    // A varint as protocol buffers write it.
    private static List<byte> Length(int length)
    {
        var bytes = new List<byte>();
        for (; length >= 0x80; length >>= 7) bytes.Add((byte)(length | 0x80));
        bytes.Add((byte)length);
        return bytes;
    }
}

/// <summary>What is wrong with a carry file.</summary>
/// <param name="reason">A code of <see cref="Signing.Reasons"/>.</param>
/// <param name="text">For people; it repeats nothing of the file but numbers and bureau codes.</param>
public sealed class CarryFileException(string reason, string text) : Exception(text)
{
    public string Reason { get; } = reason;

    public static CarryFileException Malformed(string text) => new(Signing.Reasons.Malformed, text);
}
