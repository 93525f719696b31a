namespace MessageBackbone.Protocol.Ledger;

/// <summary>Why a witness does not stand behind a checkpoint.</summary>
public enum WitnessRefusal
{
    /// <summary>It is of another log than the one that is watched, or than the last one witnessed.</summary>
    OtherOrigin,

    /// <summary>The log's signature is missing or does not hold: it is nobody's word.</summary>
    LogSignature,

    /// <summary>The tree has fewer leaves than one that was witnessed: an old checkpoint offered again, or a log that lost leaves.</summary>
    SmallerTree,

    /// <summary>Two trees of one size with different roots. The two signed checkpoints together prove it to anyone.</summary>
    Fork,

    /// <summary>The proof starts at another size than that of the last one witnessed. It accuses nobody: ask for one from there.</summary>
    OtherStart,

    /// <summary>The proof from the last one witnessed does not hold: a wrong proof, or a log whose history was changed.</summary>
    ProofDoesNotHold,
}

/// <summary>What a witness decides about a checkpoint that it is offered.</summary>
public abstract record WitnessVerdict
{
    private WitnessVerdict()
    {
    }

    /// <summary>To be stored as the last one witnessed, before its cosignature leaves the house.</summary>
    public sealed record Accepted(SignedCheckpoint Checkpoint) : WitnessVerdict;

    /// <param name="Problem">For people.</param>
    /// <param name="Contradicts">The last one witnessed, where that is what stands against it.</param>
    public sealed record Refused(WitnessRefusal Reason, string Problem, SignedCheckpoint? Contradicts) : WitnessVerdict;
}

/// <summary>
/// The rule by which a log can show each witness one history only: whatever is accepted contains all that was accepted before. Pure; whoever calls it
/// lets no second decision start between the reading of <c>last</c> and the storing of what was accepted.
/// </summary>
public static class Witness
{
    /// <param name="last">The last one accepted, from the witness's own store; null: none, and the first is taken on the log's word.</param>
    /// <param name="proofFrom">The size at which the proof starts, as the offer says.</param>
    /// <param name="proof">From <paramref name="last"/> to <paramref name="offered"/>; empty where there is nothing to prove.</param>
    public static WitnessVerdict Judge(
        SignedCheckpoint? last, SignedCheckpoint offered, ulong proofFrom, ReadOnlySpan<TreeHash> proof, LogKey log)
    {
        var (now, before) = (offered.Checkpoint, last?.Checkpoint);
        if (now.Origin != log.Origin)
            return Refuse(WitnessRefusal.OtherOrigin, $"The checkpoint is of the log {now.Origin}, not of {log.Origin}.");
        if (!log.Verify(offered, out var problem))
            return Refuse(WitnessRefusal.LogSignature, problem);
        if (before is null)
            return new WitnessVerdict.Accepted(offered);
        if (now.Origin != before.Origin)
            return Refuse(WitnessRefusal.OtherOrigin, $"The log is {now.Origin}; the last checkpoint witnessed is of {before.Origin}.", last);
        if (now.Size < before.Size)
            return Refuse(WitnessRefusal.SmallerTree, $"The tree has {now.Size} leaves; one of {before.Size} was witnessed.", last);
        if (now.Size == before.Size)
            return now.Root == before.Root ? new WitnessVerdict.Accepted(offered) : Refuse(WitnessRefusal.Fork, Forked(now, before), last);
        if (before.Size == 0)
            return new WitnessVerdict.Accepted(offered); // every tree begins with no leaves
        if (proofFrom != before.Size)
            return Refuse(WitnessRefusal.OtherStart, $"The proof starts at {proofFrom} leaves; the last one witnessed has {before.Size}.", last);
        return MerkleProofs.VerifyConsistency(before.Size, before.Root, now.Size, now.Root, proof, out problem)
            ? new WitnessVerdict.Accepted(offered)
            : Refuse(WitnessRefusal.ProofDoesNotHold, problem, last);
    }

    private static string Forked(Checkpoint now, Checkpoint before) =>
        $"The log signed two trees of {now.Size} leaves: with the root {before.Root}, which was witnessed, and now with {now.Root}.";

    private static WitnessVerdict.Refused Refuse(WitnessRefusal reason, string problem, SignedCheckpoint? contradicts = null) =>
        new(reason, problem, contradicts);
}
