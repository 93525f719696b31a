using Grpc.Core;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// One SubmitMany: several messages are worked on at a time, the appends of one precedence are queued in the order sent, outcomes come as they are known.
/// </summary>
internal sealed class SubmitStream(
    Acceptor acceptor, WorkingPlaces working, SecurityRecorder security, NodeLimits limits, Caller caller, IServerStreamWriter<SubmitOutcome> outcomes) : IDisposable
{
    private readonly SemaphoreSlim _places = new(limits.SubmissionsInFlight, limits.SubmissionsInFlight);
    private readonly SemaphoreSlim _writing = new(1, 1);

    public async Task RunAsync(IAsyncStreamReader<SubmitRequest> requests, CancellationToken cancellationToken)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answering = new HashSet<Task>();
        var turns = new Dictionary<Precedence, AppendTurn>();
        try
        {
            for (var index = 0UL; await requests.MoveNext(failed.Token); index++)
            {
                await _places.WaitAsync(failed.Token);
                await ForgetDoneAsync(answering);
                var message = Arrive(requests.Current, index, turns, failed.Token);
                answering.Add(Task.Run(() => AnswerAsync(message, failed), CancellationToken.None));
            }
        }
        finally
        {
            await Task.WhenAll(answering);
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

    // Here and not in the task that works on it: places and turns are given in the order sent, so none has a place who waits for one that has none.
    private Arrived Arrive(SubmitRequest request, ulong index, Dictionary<Precedence, AppendTurn> turns, CancellationToken cancellationToken)
    {
        var heading = Heading.Of(request.Envelope, limits);
        var turn = turns.GetValueOrDefault(heading.Precedence) ?? AppendTurn.First();
        turns[heading.Precedence] = turn.Next();
        var place = working.EnterAsync(caller.Name, heading.Precedence, request.CalculateSize(), cancellationToken);
        return new Arrived(request.Envelope, heading.MessageId, index, turn, place);
    }

    private async Task AnswerAsync(Arrived message, CancellationTokenSource failed)
    {
        try
        {
            var outcome = await OutcomeAsync(message, failed.Token);
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
            _places.Release();
        }
    }

    private async Task<SubmitOutcome> OutcomeAsync(Arrived message, CancellationToken cancellationToken)
    {
        var outcome = new SubmitOutcome { MessageId = message.Id, Index = message.Index };
        try
        {
            outcome.Accepted = await WorkAsync(message, cancellationToken);
        }
        catch (Exception fault) when ((fault as RefusalException ?? Refusals.OfFault(fault)) is { } refusal)
        {
            NodeMetrics.Refused(refusal.Reason);
            await security.NoteAsync(caller, refusal.Reason, refusal.HeaderSha256);
            outcome.Refused = refusal.ToMessage();
        }

        return outcome;
    }

    // Place and turn are given back before the outcome is written: a caller that reads no outcomes holds up itself alone.
    private async Task<SubmitReply> WorkAsync(Arrived message, CancellationToken cancellationToken)
    {
        try
        {
            using var place = await message.Place;
            return await acceptor.AcceptAsync(caller, message.Envelope, message.Turn, cancellationToken);
        }
        finally
        {
            message.Turn.Pass();
        }
    }

    private sealed record Arrived(Envelope? Envelope, string Id, ulong Index, AppendTurn Turn, Task<WorkingPlaces.Place> Place);
}
