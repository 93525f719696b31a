using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Ledger;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Demo;

/// <summary>Reads the log back as an auditor would and judges it by itself, not by the node's word: each receipt by the CA, the header as sent, and the curve; all
/// events together by the tree that the log signed.</summary>
internal sealed class DemoAudit(TrustAnchor anchor, LogKey log)
{
    private readonly Frontier _tree = new();
    private readonly Dictionary<string, ByteString> _headers = new(StringComparer.Ordinal);

    public long Events { get; private set; }

    /// <summary>Deliveries whose receipt verifies.</summary>
    public HashSet<(string Id, string Bureau)> Receipted { get; } = [];

    /// <summary>What does not verify, and why.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Signed by the log, and over the events as they were read; null: it is not.</summary>
    public Checkpoint? Checkpoint { get; private set; }

    public async Task ReadAsync(NodeConnection auditor, CancellationToken stop)
    {
        var ledger = new LedgerService.LedgerServiceClient(auditor.Channel);
        var signed = Signed(await ledger.GetCheckpointAsync(new CheckpointRequest { Fresh = true }, cancellationToken: stop));
        var request = new ReadEventsRequest { Purpose = "demo", Justification = "The demo verifies every receipt" };
        using var call = new AuditService.AuditServiceClient(auditor.Channel).ReadEvents(request, cancellationToken: stop);
        await foreach (var recorded in call.ResponseStream.ReadAllAsync(stop))
        {
            Events++;
            if (!recorded.Leaf.IsEmpty) Grow(recorded.Leaf.Span, signed);
            if (recorded.Type == "message.accepted.v1") Note(Accepted.Parser.ParseFrom(recorded.Data));
            else if (recorded.Type == "delivery.delivered.v1") Judge(Delivered.Parser.ParseFrom(recorded.Data).Receipt);
        }

        if (Checkpoint is null && signed is not null) Problems.Add("the events that were read are not those whose tree the log signed");
    }

    private SignedCheckpoint? Signed(LedgerCheckpoint answer)
    {
        if (SignedCheckpoint.TryRead(answer.Checkpoint.Span, out var signed, out var problem) && log.Verify(signed, out problem)) return signed;
        Problems.Add(problem);
        return null;
    }

    private void Grow(ReadOnlySpan<byte> leaf, SignedCheckpoint? signed)
    {
        _tree.Add(MerkleTree.LeafHash(leaf));
        if (_tree.Size == signed?.Checkpoint.Size && _tree.Root() == signed.Checkpoint.Root) Checkpoint = signed.Checkpoint;
    }

    private void Note(Accepted accepted) => _headers[accepted.Content.MessageId] = ByteString.CopyFrom(Digests.Sha256(accepted.Header.Span));

    private void Judge(ByteString signed)
    {
        if (!ReceiptBuilding.TryRead(signed.Memory, DeliveryReceipt.Parser, out var signer, out var receipt, out var problem))
        {
            Problems.Add(problem);
            return;
        }
        var verdict = anchor.Judge(signer.CertificateDer, CertificateUse.Sign, signer.SigningTime, HolderRole.Bureau);
        if (!verdict.Ok) problem = verdict.Problem;
        else if (verdict.Holder.Name != receipt.Recipient) problem = "its signer is not its recipient";
        else if (!_headers.TryGetValue(receipt.MessageId, out var header) || header != receipt.HeaderSha256) problem = "it is about another header";
        else if (receipt.Outcome != DeliveryOutcome.Delivered) problem = "it does not say DELIVERED";
        else if (!signer.VerifySignature()) problem = "its signature does not verify";
        if (problem.Length > 0) Problems.Add($"{receipt.MessageId} at {receipt.Recipient}: {problem}");
        else Receipted.Add((receipt.MessageId, receipt.Recipient));
    }
}
