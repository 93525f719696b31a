using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Carrying;

/// <summary>Writes the next file to the node: every receipt that it has not recorded and every message that it has not answered, the most urgent first.</summary>
/// <remarks>What is in a file waits on until its answer comes back, by file or by line; written again, it is the same bytes, and the node knows them.</remarks>
/// <param name="mostBytes">Of content: a longer file is none that anybody takes.</param>
internal sealed class CarryExport(
    KeyRing keys, OutboxStore outbox, ReceiptStore receipts, CarryStore store, CarryFolder folder, TimeProvider clock, long mostBytes = CarryFile.MostContent)
{
    private const int Page = 256;
    private const int MostNamed = 100;
    private const int MostQuestions = 10_000;

    /// <summary>Room that is kept for a page of receipts, the questions and one message more.</summary>
    internal const long BytesForTheRest = ((long)Page * LargestReceipt) + (MostQuestions * 64L) + CarryFile.LargestRecord;

    private const int LargestReceipt = 64 * 1024; // as the node limits it

    /// <summary>No bureau asks longer for a message of which nothing more was heard.</summary>
    private static readonly TimeSpan _askedFor = TimeSpan.FromDays(60);

    /// <param name="most">Messages at most; 0: all.</param>
    /// <param name="enough">No message more once there are so many bytes; 0: no bound.</param>
    public async Task<CarrySummary> WriteAsync(int most, long enough, CancellationToken cancellationToken)
    {
        await using var spool = folder.Spool();
        using var content = new CarryContent(spool, mostBytes: mostBytes);
        var summary = new CarrySummary();
        var waiting = outbox.Waiting();
        for (var level = (int)Precedence.Flash; level >= 0; level--)
        {
            await AddReceiptsAsync(content, level, cancellationToken);
            foreach (var message in waiting.Where(message => message.Precedence == level))
            {
                if (IsFull(content) || (most > 0 && content.Tally.MessageCount >= (ulong)most) || (enough > 0 && content.Size >= enough)) summary.Left++;
                else await AddAsync(content, message, summary, cancellationToken);
            }
        }
        foreach (var id in outbox.ToAskFor(clock.GetUtcNow() - _askedFor, MostQuestions))
            await content.AddAsync(new CarryRecord { Question = id }, cancellationToken);
        await spool.FlushAsync(cancellationToken);
        spool.Position = 0;
        return await CloseAsync(content, spool, summary, cancellationToken);
    }

    /// <summary>A file that was written before and is kept, from its beginning; null: it is not kept.</summary>
    public Stream? Again(long number) => number > 0 && (ulong)number <= store.Last(CarryDirection.ToNode).Number ? folder.Read(number) : null;

    /// <summary>What is in such a file; null: it is not kept.</summary>
    public async Task<CarrySummary?> DescribeAsync(long number, CancellationToken cancellationToken)
    {
        if (Again(number) is not { } found) return null;
        await using var file = found;
        return await CarryReader.DescribeAsync(file, cancellationToken);
    }

    private async Task<CarrySummary> CloseAsync(CarryContent content, Stream spool, CarrySummary summary, CancellationToken cancellationToken)
    {
        var (last, at) = (store.Last(CarryDirection.ToNode), clock.GetUtcNow());
        var manifest = content.Describe(new CarryManifest
        {
            Bureau = keys.Bureau.Value,
            Direction = CarryDirection.ToNode,
            Number = last.Number + 1,
            PreviousSha256 = last.Sha256,
            CreatedAt = at.ToTimestamp(),
            Received = store.Last(CarryDirection.ToBureau).Number,
        });
        var (sha256, size) = await folder.KeepAsync(
            (long)manifest.Number, file => CarryFile.WriteAsync(file, manifest, spool, keys.Keys.Sign!, at, cancellationToken));
        await store.AddAsync(CarryDirection.ToNode, manifest.Number, sha256, at);
        summary.MergeFrom(content.Tally.Describe(manifest, UnsafeByteOperations.UnsafeWrap(sha256), size));
        return summary;
    }

    // What has no place waits for the next file, as everything does that has no answer. Room is kept for a page of receipts and the questions.
    private static bool IsFull(CarryContent content) => content.Room <= MostQuestions + Page || content.RoomBytes <= BytesForTheRest;

    private async Task AddReceiptsAsync(CarryContent content, int level, CancellationToken cancellationToken)
    {
        for (var row = 0L; !IsFull(content) && receipts.ToCarry(level, row, Page) is { Count: > 0 } page; row = page[^1].Row)
            foreach (var receipt in page)
                await content.AddAsync(new CarryRecord { Receipt = new Receipt { Signed = UnsafeByteOperations.UnsafeWrap(receipt.Signed) } }, cancellationToken);
    }

    private async Task AddAsync(CarryContent content, WaitingMessage message, CarrySummary summary, CancellationToken cancellationToken)
    {
        // A line may have answered it since this export began; what goes under another id now must not go under this one too.
        if (outbox.ReadWaiting(message.Row)?.Signed is not { } signed) return;
        // What it was to bring along lies beside the node's log, and only a line takes it there.
        if (ReceiptBuilding.TryRead(signed.Header, MessageHeader.Parser, out _, out var header, out _) && header.Attachments.Count > 0)
        {
            if (summary.NotCarried.Count < MostNamed) summary.NotCarried.Add(message.MessageId);
            else summary.NotCarriedMore++;
            return;
        }
        var envelope = new Envelope { Header = UnsafeByteOperations.UnsafeWrap(signed.Header), Body = UnsafeByteOperations.UnsafeWrap(signed.Body) };
        await content.AddAsync(new CarryRecord { Envelope = envelope }, cancellationToken);
    }
}
