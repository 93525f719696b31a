using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Protocol.Ledger;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Api = MessageBackbone.V1.LedgerService;

namespace MessageBackbone.Node.Ledger;

/// <summary>Checkpoints and proofs, for whoever is enrolled.</summary>
/// <param name="signers">None where nobody signs here.</param>
internal sealed class LedgerService(LedgerTree tree, IEnumerable<Checkpointing> signers) : Api.LedgerServiceBase
{
    public override async Task<LedgerCheckpoint> GetCheckpoint(CheckpointRequest request, ServerCallContext context)
    {
        if (request.Fresh && signers.FirstOrDefault() is { } signer) await signer.SignAsync(context.CancellationToken);
        var kept = request.Size == 0
            ? (await tree.StateAsync(context.CancellationToken)).Last
            : await tree.CheckpointAsync(request.Size, context.CancellationToken);
        return kept is null
            ? throw new RefusalException(Reasons.FieldInvalid, "The log signed no tree of so many events yet. Ask again in a second.", ["size"])
            : new LedgerCheckpoint { Checkpoint = UnsafeByteOperations.UnsafeWrap(kept.Note), Size = kept.Size };
    }

    public override async Task<InclusionProof> GetInclusionProof(InclusionRequest request, ServerCallContext context)
    {
        var size = await SizeAsync(request.Size, context.CancellationToken);
        if (request.LeafIndex >= size) throw Refused($"A tree of {size} events has no leaf {request.LeafIndex}: they count from 0.", "leaf_index");
        var (leaf, proof) = await tree.InclusionAsync(request.LeafIndex, size, context.CancellationToken) ?? throw TooLarge(size, "size");
        return new InclusionProof { LeafIndex = request.LeafIndex, Size = size, LeafHash = Wire(leaf), Proof = { proof.Select(Wire) } };
    }

    public override async Task<ConsistencyProof> GetConsistencyProof(ConsistencyRequest request, ServerCallContext context)
    {
        var size = await SizeAsync(request.NewSize, context.CancellationToken);
        if (request.OldSize == 0 || request.OldSize > size) throw Refused($"The old size is 1 to {size}, the new one.", "old_size");
        var proof = await tree.ConsistencyAsync(request.OldSize, size, context.CancellationToken) ?? throw TooLarge(size, "new_size");
        return new ConsistencyProof { OldSize = request.OldSize, NewSize = size, Proof = { proof.Select(Wire) } };
    }

    private async ValueTask<ulong> SizeAsync(ulong asked, CancellationToken cancellationToken) => asked switch
    {
        0 => (await tree.StateAsync(cancellationToken)).Last?.Size ?? 0,
        > MerkleTree.LargestSize => throw TooLarge(asked, "size"),
        _ => asked,
    };

    private static RefusalException TooLarge(ulong size, string field) => Refused($"The tree has fewer than {size} events.", field);

    private static RefusalException Refused(string why, string field) => new(Reasons.FieldInvalid, why, [field]);

    private static ByteString Wire(TreeHash hash) => UnsafeByteOperations.UnsafeWrap(hash.ToArray());
}
