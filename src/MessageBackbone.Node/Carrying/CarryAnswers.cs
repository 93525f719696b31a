using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.Node.Accepting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Carrying;

/// <summary>Writes down what became of each record of a file, for the bureau's next one. The outcomes of its envelopes come here as to a stream.</summary>
internal sealed class CarryAnswers(CarryContent target) : IServerStreamWriter<SubmitOutcome>
{
    private readonly ConcurrentDictionary<ulong, ByteString> _underWay = new();

    public ulong Taken { get; private set; }

    public ulong Repeated { get; private set; }

    public ulong Refused { get; private set; }

    public ulong Receipts { get; private set; }

    public ulong ReceiptsRefused { get; private set; }

    public WriteOptions? WriteOptions { get; set; }

    /// <summary>An envelope is handed in under this number; its outcome will name it.</summary>
    public void Await(ulong index, Envelope envelope) => _underWay[index] = UnsafeByteOperations.UnsafeWrap(Digests.Sha256(envelope.Header.Span));

    public Task WriteAsync(SubmitOutcome message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(SubmitOutcome message, CancellationToken cancellationToken)
    {
        if (message.Refused is { Reason: Reasons.StoreUnavailable or Reasons.Draining or Reasons.NotLeader } away)
            throw new RefusalException(Reasons.StoreUnavailable, $"{away.Text} Nothing of the file is lost: bring the same file again.", retryAfter: away.RetryAfter?.ToTimeSpan());
        _underWay.TryRemove(message.Index, out var headerSha256);
        var answer = new CarriedAnswer { MessageId = message.MessageId, HeaderSha256 = headerSha256 ?? ByteString.Empty };
        if (message.Refused is { } refused)
        {
            answer.Refused = refused;
            Refused++;
        }
        else
        {
            answer.Accepted = message.Accepted;
            if (message.Accepted.Duplicate) Repeated++;
            else Taken++;
        }
        await target.AddAsync(new CarryRecord { Answer = answer }, cancellationToken);
        // What became of it is told without being asked.
        if (answer.Accepted is not null) await AskAsync(message.MessageId, cancellationToken);
    }

    public Task AskAsync(string messageId, CancellationToken cancellationToken) =>
        MessageId.TryParse(messageId, out _) ? target.AddAsync(new CarryRecord { Question = messageId }, cancellationToken) : Task.CompletedTask;

    public Task ReceiptAsync(CarriedReceiptAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Refused is null) Receipts++;
        else ReceiptsRefused++;
        return target.AddAsync(new CarryRecord { ReceiptAnswer = answer }, cancellationToken);
    }
}
