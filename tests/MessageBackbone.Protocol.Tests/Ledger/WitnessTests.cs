using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

public sealed class WitnessTests
{
    private const string Origin = "backbone.example/1";

    private static readonly TiledTree _tree = TiledTree.Of(Rfc6962.Leaves(20));
    private static readonly TiledTree _rewritten = TiledTree.Of(Rfc6962.Leaves(20).Select((leaf, i) => i == 3 ? [0xff] : leaf));
    private static readonly LogKey _log = new(Origin, LedgerSample.Log);

    [Fact]
    public void The_first_checkpoint_is_taken_on_the_logs_word()
    {
        var offered = At(_tree, 7);

        Assert.Equal(new WitnessVerdict.Accepted(offered), Witness.Judge(null, offered, 0, [], _log));
    }

    [Fact]
    public void Every_larger_tree_with_its_proof_is_accepted_and_so_is_the_same_again()
    {
        for (var old = 0UL; old <= 20; old++)
        {
            for (var size = old; size <= 20; size++)
            {
                var (last, offered) = (At(_tree, old), At(_tree, size));
                var proof = old == 0 ? [] : _tree.Consistency(old, size);

                Assert.Equal(new WitnessVerdict.Accepted(offered), Witness.Judge(last, offered, old, proof, _log));
            }
        }
    }

    [Fact]
    public void A_smaller_tree_is_refused_and_what_was_witnessed_contradicts() =>
        Refused(WitnessRefusal.SmallerTree, "20 was witnessed", At(_tree, 20), At(_tree, 19), 20, []);

    [Fact]
    public void Another_root_of_the_same_size_is_a_fork() =>
        Refused(WitnessRefusal.Fork, "two trees of 20 leaves", At(_tree, 20), At(_rewritten, 20), 20, []);

    [Fact]
    public void A_rewritten_history_has_no_proof()
    {
        Refused(WitnessRefusal.ProofDoesNotHold, "leads to the root", At(_tree, 13), At(_rewritten, 20), 13, _rewritten.Consistency(13, 20));
        Refused(WitnessRefusal.ProofDoesNotHold, "leads to the root", At(_tree, 13), At(_rewritten, 20), 13, _tree.Consistency(13, 20));
        Refused(WitnessRefusal.ProofDoesNotHold, "fewer hashes", At(_tree, 13), At(_tree, 20), 13, []);
    }

    [Fact]
    public void A_proof_from_elsewhere_accuses_nobody() =>
        Refused(WitnessRefusal.OtherStart, "starts at 12 leaves", At(_tree, 13), At(_tree, 20), 12, _tree.Consistency(12, 20));

    [Fact]
    public void What_the_log_did_not_sign_is_nobodys_word()
    {
        var forged = SignedCheckpoint.Sign(At(_rewritten, 20).Checkpoint, LedgerSample.OtherLog);
        Assert.True(SignedCheckpoint.TryRead(
            [.. At(_rewritten, 20).Checkpoint.Text.Span, (byte)'\n', .. System.Text.Encoding.UTF8.GetBytes(At(_tree, 20).Note.Signatures[0].Line)],
            out var borrowed, out _));

        Refused(WitnessRefusal.LogSignature, "no signature", At(_tree, 20), forged, 20, [], contradicts: false);
        Refused(WitnessRefusal.LogSignature, "does not hold", At(_tree, 20), borrowed!, 20, [], contradicts: false);
        Refused(WitnessRefusal.LogSignature, "no signature", null, forged, 0, [], contradicts: false);
    }

    [Fact]
    public void Another_origin_is_refused()
    {
        var proof = _tree.Consistency(13, 20);

        Refused(WitnessRefusal.OtherOrigin, "not of backbone.example/1", At(_tree, 13), At(_tree, 20, "other"), 13, proof, contradicts: false);
        Refused(WitnessRefusal.OtherOrigin, "witnessed is of other", At(_tree, 13, "other"), At(_tree, 20), 13, proof);
    }

    private static SignedCheckpoint At(TiledTree tree, ulong size, string origin = Origin) =>
        SignedCheckpoint.Sign(Checkpoint.Create(origin, size, Frontier.Read(size, tree.Hash).Root()), LedgerSample.Log);

    private static void Refused(
        WitnessRefusal reason, string why, SignedCheckpoint? last, SignedCheckpoint offered, ulong from, TreeHash[] proof, bool contradicts = true)
    {
        var refused = Assert.IsType<WitnessVerdict.Refused>(Witness.Judge(last, offered, from, proof, _log));
        Assert.Equal(reason, refused.Reason);
        Assert.Contains(why, refused.Problem);
        Assert.Equal(contradicts ? last : null, refused.Contradicts);
    }
}
