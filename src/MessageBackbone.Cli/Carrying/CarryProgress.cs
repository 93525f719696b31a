using System.Security.Cryptography;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Carrying;

/// <summary>Passes a file on piece by piece, and says from time to time how far it is.</summary>
internal sealed class CarryProgress(Session session, long total) : IDisposable
{
    private const int PieceBytes = 128 * 1024;
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(3);

    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _toldAt = session.Shell.Clock.GetTimestamp();
    private long _done;

    /// <summary>SHA-256 of what passed, in hexadecimal.</summary>
    public string Sha256 => Convert.ToHexStringLower(_sha256.GetCurrentHash());

    public async Task PassAsync(ReadOnlyMemory<byte> piece, Func<ReadOnlyMemory<byte>, Task> write)
    {
        _sha256.AppendData(piece.Span);
        await write(piece);
        _done += piece.Length;
        if (session.Shell.Clock.GetElapsedTime(_toldAt) < _every) return;
        _toldAt = session.Shell.Clock.GetTimestamp();
        session.Print.Note($"{Plain.Bytes(_done)} of {Plain.Bytes(total)} …");
    }

    public async Task PassAllAsync(Stream from, Func<ReadOnlyMemory<byte>, Task> write, CancellationToken stop)
    {
        var buffer = new byte[PieceBytes];
        while (await from.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stop) is > 0 and var read)
            await PassAsync(buffer.AsMemory(0, read), write);
    }

    public void Dispose() => _sha256.Dispose();
}
