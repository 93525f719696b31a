using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MessageBackbone.Node.Routing;

namespace MessageBackbone.Node.Carrying;

/// <summary>One delivery in a file.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CarriedAttempt(Guid MessageId, ulong Sequence, uint Number);

/// <summary>What one file presents, kept on disk until the file is recorded: there may be millions. Not for concurrent use.</summary>
/// <param name="spool">Empty, and closed with this.</param>
internal sealed class CarriedAttempts(Stream spool) : IAsyncDisposable
{
    private const int EntryBytes = 28;
    private const int PageEntries = 64;

    /// <summary>When each of them was presented, for all of them alike.</summary>
    public required DateTimeOffset At { get; init; }

    public ulong Count { get; private set; }

    public async Task AddAsync(Presentation presentation, CancellationToken cancellationToken)
    {
        var entry = new byte[EntryBytes];
        presentation.Row.MessageId.TryWriteBytes(entry, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64BigEndian(entry.AsSpan(16), presentation.Row.Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(entry.AsSpan(24), presentation.Attempt);
        await spool.WriteAsync(entry, cancellationToken);
        Count++;
    }

    /// <summary>All of them in their order, a page at a time.</summary>
    public async IAsyncEnumerable<IReadOnlyList<CarriedAttempt>> PagesAsync()
    {
        await spool.FlushAsync();
        spool.Position = 0;
        var bytes = new byte[EntryBytes * PageEntries];
        while (await spool.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false) is > 0 and var read)
            yield return [.. bytes.AsMemory(0, read).ToArray().Chunk(EntryBytes).Select(Read)];
    }

    public ValueTask DisposeAsync() => spool.DisposeAsync();

    private static CarriedAttempt Read(byte[] entry) => new(
        new Guid(entry.AsSpan(0, 16), bigEndian: true), BinaryPrimitives.ReadUInt64BigEndian(entry.AsSpan(16)), BinaryPrimitives.ReadUInt32BigEndian(entry.AsSpan(24)));
}
