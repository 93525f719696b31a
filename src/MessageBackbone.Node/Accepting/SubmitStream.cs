using Grpc.Core;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>One SubmitMany: several messages are worked on at a time, their appends are queued in the order sent, outcomes come as they are known.</summary>
internal sealed class SubmitStream(Acceptor acceptor, SecurityRecorder security, NodeLimits limits, Caller caller, IServerStreamWriter<SubmitOutcome> outcomes)
    : IDisposable
{
    private readonly SemaphoreSlim _places = new(limits.SubmissionsInFlight, limits.SubmissionsInFlight);
    private readonly SemaphoreSlim _writing = new(1, 1);

    public async Task RunAsync(IAsyncStreamReader<SubmitRequest> requests, CancellationToken cancellationToken)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var working = new HashSet<Task>();
        var turn = AppendTurn.First();
        try
        {
            for (var index = 0UL; await requests.MoveNext(failed.Token); index++)
            {
                await _places.WaitAsync(failed.Token);
                await ForgetDoneAsync(working);
                var (mine, at, envelope) = (turn, index, requests.Current.Envelope);
                turn = mine.Next();
                working.Add(Task.Run(() => AnswerAsync(envelope, at, mine, failed), CancellationToken.None));
            }
        }
        finally
        {
            await Task.WhenAll(working);
        }
    }

    public void Dispose()
    {
        _places.Dispose();
        _writing.Dispose();
    }

    // A message that failed for another reason than a refusal ends the stream, with that reason.
    private static async Task ForgetDoneAsync(HashSet<Task> working)
    {
        foreach (var done in working.Where(task => task.IsCompleted).ToList())
        {
            working.Remove(done);
            await done;
        }
    }

    private async Task AnswerAsync(Envelope? envelope, ulong index, AppendTurn turn, CancellationTokenSource failed)
    {
        try
        {
            var outcome = await OutcomeAsync(envelope, turn, failed.Token);
            outcome.Index = index;
            await _writing.WaitAsync(failed.Token);
            try
            {
                await outcomes.WriteAsync(outcome, failed.Token);
            }
            finally
            {
                _writing.Release();
            }
        }
        catch
        {
            await failed.CancelAsync();
            throw;
        }
        finally
        {
            turn.Pass();
            _places.Release();
        }
    }

    private async Task<SubmitOutcome> OutcomeAsync(Envelope? envelope, AppendTurn turn, CancellationToken cancellationToken)
    {
        var outcome = new SubmitOutcome { MessageId = IdOf(envelope) };
        try
        {
            outcome.Accepted = await acceptor.AcceptAsync(caller, envelope, turn, cancellationToken);
        }
        catch (Exception fault) when ((fault as RefusalException ?? Refusals.OfFault(fault)) is { } refusal)
        {
            NodeMetrics.Refused(refusal.Reason);
            await security.NoteAsync(caller, refusal.Reason, refusal.HeaderSha256);
            outcome.Refused = refusal.ToMessage();
        }

        return outcome;
    }

    // As far as it can be read, whatever else is wrong with it; only an id of the right shape is told back.
    private static string IdOf(Envelope? envelope) =>
        envelope is not null
        && Protocol.Signing.SignedObject.TryRead(envelope.Header.Memory, out var signed, out _)
        && CanonicalMessage.TryParse(signed.Content, MessageHeader.Parser, out var header, out _)
        && Protocol.Identities.MessageId.TryParse(header.MessageId, out var id)
            ? id.Value
            : "";
}
