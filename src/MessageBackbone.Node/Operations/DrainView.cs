using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Operations;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Operations;

/// <summary>An operator's order to take no new submissions before a planned stop, and its end. Recorded before the gate is moved.</summary>
/// <remarks>The gate is this process's own: a node that starts takes submissions. So at its start it records the end of what an earlier run of it had left.</remarks>
internal sealed class DrainView(
    DrainGate gate, WorkingPlaces places, Plan plan, Surroundings surroundings, EventRecorder recorder, OperationsOptions options, NodeIdentity node, TimeProvider clock,
    ILogger<DrainView> logger) : IHostedService, IDisposable
{
    private const string Restarted = "RESTARTED";

    // One order at a time: the gate is to stand as the last event says.
    private readonly SemaphoreSlim _turn = new(1, 1);

    public bool IsDraining => gate.RetryAfter is not null;

    public async Task<DrainReply> OrderAsync(Caller caller, DrainRequest request, CancellationToken cancellationToken)
    {
        var (by, now) = (caller.Holder.Uri, clock.GetUtcNow());
        var after = RetryAfter(request);
        OperationsCommand command = request.End
            ? new EndDrain(by, request.Reason, now, node.Name)
            : new OrderDrain(by, request.Reason, after, now, node.Name);
        var made = request.DryRun
            ? Made(NodeOperations.Decide(await recorder.StateAsync(StreamId.Operations, NodeOperations.None, NodeOperations.Evolve, cancellationToken), command))
            : await DoAsync(command, request.End, after, by, cancellationToken);
        return new DrainReply
        {
            Draining = IsDraining,
            RetryAfter = gate.RetryAfter?.ToDuration(),
            Submissions = (ulong)places.UnderWay,
            Waiting = (ulong)plan.Ask.OpenRows(),
            Attending = { surroundings.Attending().Order(StringComparer.Ordinal) },
            Ordered = made as DrainOrdered,
            Ended = made as DrainEnded,
        };
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await DecideAsync(new EndDrain(node.Uri, Restarted, clock.GetUtcNow(), node.Name), node.Uri, cancellationToken);
        }
        catch (EventLogUnavailableException fault)
        {
            // What the node does is right all the same: only the log goes on saying that it drains, until the next order.
            OperationsLog.DrainNotEnded(logger, fault.Message);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _turn.Dispose();

    private async Task<IMessage?> DoAsync(OperationsCommand command, bool end, TimeSpan after, string by, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var made = await DecideAsync(command, by, cancellationToken);
            Move(end, after, by);
            return made;
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Move(bool end, TimeSpan after, string by)
    {
        if (end)
        {
            if (IsDraining) OperationsLog.DrainEnded(logger, by);
            gate.Open();
        }
        else
        {
            if (!IsDraining) OperationsLog.DrainOrdered(logger, by, after.TotalSeconds);
            gate.Close(after);
        }
    }

    private TimeSpan RetryAfter(DrainRequest request)
    {
        if (request.RetryAfter is null) return options.DrainRetryAfter;
        // Before it is a time span: a duration may be longer than any.
        var (least, most) = NodeOperations.RetryAfter;
        return request.RetryAfter is { Nanos: >= 0 and < 1_000_000_000 } told && told.Seconds >= least.TotalSeconds && told.Seconds <= most.TotalSeconds
            ? told.ToTimeSpan()
            : throw new RefusalException(Reasons.FieldInvalid, "Senders are told a time from 1 s to 1 h.", ["retry_after"]);
    }

    private async Task<IMessage?> DecideAsync(OperationsCommand command, string by, CancellationToken cancellationToken)
    {
        var outcome = await recorder.DecideAsync(
            StreamId.Operations, NodeOperations.None, NodeOperations.Evolve, state => NodeOperations.Decide(state, command),
            new Provenance(by, node.Name), cancellationToken);
        return outcome switch
        {
            Recording<NodeOperations>.Recorded recorded => EventTypes.Parse(recorded.Events[0].Type, recorded.Events[0].Data),
            Recording<NodeOperations>.Refused refused => throw new RefusalException(refused.Rejection),
            _ => null,
        };
    }

    private static IMessage? Made(Decision decision) => decision switch
    {
        Decision.Record record => record.Events[0],
        Decision.Reject rejected => throw new RefusalException(rejected.Rejection),
        _ => null,
    };
}
