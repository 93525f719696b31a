using Google.Protobuf;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Carrying;

/// <summary>Records receipts of a file as an attendance does: those of one message in their order, all others beside each other.</summary>
internal sealed class CarriedReceipts(ReceiptRecording recording, SecurityRecorder security)
{
    public const int AtOnce = 64;

    /// <summary>The answers, in the receipts' order.</summary>
    /// <exception cref="RefusalException">The node cannot write: the file is brought again.</exception>
    public async Task<IReadOnlyList<CarriedReceiptAnswer>> RecordAsync(Caller caller, IReadOnlyList<Receipt> receipts, CancellationToken cancellationToken)
    {
        var answers = new CarriedReceiptAnswer[receipts.Count];
        var read = new List<(int Index, ReceiptReading Receipt)>();
        for (var index = 0; index < receipts.Count; index++)
        {
            answers[index] = new CarriedReceiptAnswer { SignedSha256 = UnsafeByteOperations.UnsafeWrap(Digests.Sha256(receipts[index].Signed.Span)) };
            await AnswerAsync(caller, answers[index], () =>
            {
                var receipt = ReceiptReading.Read(caller.Name, receipts[index].Signed);
                answers[index].MessageId = receipt.Content.MessageId;
                read.Add((index, receipt));
                return Task.FromResult<Recorded?>(null);
            });
        }
        await Task.WhenAll(read.GroupBy(one => one.Receipt.Content.MessageId, StringComparer.Ordinal).Select(async ofOne =>
        {
            foreach (var (index, receipt) in ofOne)
                await AnswerAsync(caller, answers[index], async () =>
                    new Recorded { Position = (await recording.RecordAsync(caller, receipt, null, null, cancellationToken)).Value });
        }));
        return answers;
    }

    private async Task AnswerAsync(Caller caller, CarriedReceiptAnswer answer, Func<Task<Recorded?>> record)
    {
        try
        {
            if (await record() is { } recorded) answer.Recorded = recorded;
        }
        catch (RefusalException refusal) when (refusal.Reason != Reasons.StoreUnavailable)
        {
            await security.NoteAsync(caller, refusal.Reason, null);
            answer.Refused = refusal.ToMessage();
        }
    }
}
