using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Ledger;
using MessageBackbone.V1;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Ledger;

/// <summary>Signs the tree when it has grown, and records that. What the log signed once binds it: a tree that does not begin with the last one signed is never
/// signed again, and operators are told.</summary>
internal sealed class Checkpointing(
    LedgerTree tree, EventRecorder recorder, NodeIdentity node, LedgerOptions options, LogSigner signer, TimeProvider clock, ILogger<Checkpointing> logger)
    : BackgroundService, IFollower
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private string _state = FollowerState.Running;

    public string Name => "checkpoints";

    /// <summary>Whatever the tree has is signed within <see cref="LedgerOptions.SignEvery"/>.</summary>
    public LogPosition Position => tree.Rows.Position;

    public string State => Volatile.Read(ref _state);

    /// <summary>A checkpoint of everything that was in the log at the call, signed now where there is none yet. Recorded when it returns.</summary>
    /// <exception cref="FollowerStoppedException">The tree cannot be signed.</exception>
    /// <exception cref="EventLogUnavailableException">The log cannot serve.</exception>
    public async Task<KeptCheckpoint> SignAsync(CancellationToken cancellationToken)
    {
        await tree.Rows.CatchUpAsync(cancellationToken);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            while (true)
            {
                var (now, last) = await tree.StateAsync(cancellationToken);
                await MayGoOnAsync(last, cancellationToken);
                if (last is not null && last.Size >= now.Size) return last;
                var signed = signer.Sign(now.Size, now.Root);
                if (await RecordAsync(now, signed, last, cancellationToken) is { } kept) return kept;
                // Another node of the house was faster: its checkpoint is in the log, and soon in the rows.
                await tree.Rows.CatchUpAsync(cancellationToken);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _turn.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var position = tree.Rows.Position;
            try
            {
                await SignAsync(stoppingToken);
                await Task.Delay(options.SignEvery, clock, stoppingToken);
                await tree.Rows.WaitForAsync(new(position.Value + 1), stoppingToken);
            }
            catch (EventLogUnavailableException fault)
            {
                LedgerLog.CannotSign(logger, fault.Message);
                await Task.Delay(options.SignEvery, clock, stoppingToken);
            }
            catch (FollowerStoppedException stopped)
            {
                Volatile.Write(ref _state, stopped.Message);
                LedgerLog.Stopped(logger, stopped.Message);
                return;
            }
        }
    }

    // Not at the start alone: a log may be changed under a running node too.
    private async Task MayGoOnAsync(KeptCheckpoint? last, CancellationToken cancellationToken)
    {
        if (last is null) return;
        var problem = !SignedCheckpoint.TryRead(last.Note, out var signed, out var unread) ? $"the last checkpoint cannot be read: {unread}"
            : signed.Checkpoint.Origin != signer.Origin ? ""
            : !signer.Key.Verify(signed, out var unsigned) ? unsigned
            : await tree.RootAsync(last.Size, cancellationToken) is { } root && root == signed.Checkpoint.Root ? ""
            : $"the first {last.Size} events are not those whose tree the log signed: its history was changed";
        if (problem.Length > 0) throw new FollowerStoppedException(Name, problem);
    }

    private async Task<KeptCheckpoint?> RecordAsync(TreeState now, SignedCheckpoint signed, KeptCheckpoint? last, CancellationToken cancellationToken)
    {
        var fact = new CheckpointSigned
        {
            Note = UnsafeByteOperations.UnsafeWrap(signed.Note.ToBytes()),
            Size = now.Size,
            Root = UnsafeByteOperations.UnsafeWrap(now.Root.ToArray()),
            At = clock.GetUtcNow().ToTimestamp(),
            Node = node.Name,
        };
        var expected = last is null ? ExpectedRevision.NoStream : ExpectedRevision.At(last.Revision);
        var @event = recorder.Prepare(fact, new Provenance(node.Uri, signer.Origin));
        if (await recorder.AppendAsync(StreamId.Ledger, expected, [@event], cancellationToken) is not AppendOutcome.Appended at) return null;
        await tree.Rows.WaitForAsync(at.Position, cancellationToken);
        LedgerLog.Signed(logger, signer.Origin, now.Size);
        return new KeptCheckpoint(now.Size, fact.Note.ToByteArray(), at.Revision);
    }
}
