using MessageBackbone.Domain;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Operations;

/// <summary>An operator's order to present again what a recipient's gateway lost. Decided against the delivery's own stream; the plan follows from the log.</summary>
internal sealed class RedeliveryView(
    IEventLog log, EventRecorder recorder, MessageParties parties, CurrentDirectory directory, NodeIdentity node, DeliveringOptions delivering, TimeProvider clock)
{
    public async Task<RedeliverReply> OrderAsync(Caller caller, RedeliverRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        if (!directory.State.TakesPart(request.Bureau))
            throw new RefusalException(Reasons.UnknownBureau, "This bureau does not take part: nothing is presented to it.", ["bureau"]);
        var (position, accepted) = await AcceptedAsync(request, cancellationToken);
        var now = clock.GetUtcNow();
        var command = new Redeliver(accepted, request.Bureau, caller.Holder.Uri, request.Reason, now, now + delivering.OpenAtMost, node.Name);
        var (state, ordered) = await (request.DryRun ? LookAsync(request, command, cancellationToken) : DecideAsync(caller, request, command, cancellationToken));
        return new RedeliverReply
        {
            Result = ordered is not null ? RedeliverResult.Ordered : state.IsRedelivered ? RedeliverResult.AlreadyOrdered : RedeliverResult.OnItsWay,
            State = state.Stage switch
            {
                DeliveryStage.Opened => DeliveryState.Opened,
                DeliveryStage.Delivered => DeliveryState.Delivered,
                _ => DeliveryState.Waiting,
            },
            From = accepted.Content.From,
            Precedence = accepted.Content.Precedence,
            Attempts = state.Attempts,
            Position = position.Value,
            Event = ordered,
        };
    }

    private async Task<(DeliveryProgress State, RedeliveryOrdered? Ordered)> LookAsync(
        RedeliverRequest request, Redeliver command, CancellationToken cancellationToken)
    {
        var state = await recorder.StateAsync(
            StreamId.Delivery(request.MessageId, request.Bureau), DeliveryProgress.Waiting, DeliveryProgress.Evolve, cancellationToken);
        return DeliveryProgress.Decide(state, command) switch
        {
            Decision.Reject rejected => throw new RefusalException(rejected.Rejection),
            Decision.Record record => (state, (RedeliveryOrdered)record.Events[0]),
            _ => (state, null),
        };
    }

    private async Task<(DeliveryProgress State, RedeliveryOrdered? Ordered)> DecideAsync(
        Caller caller, RedeliverRequest request, Redeliver command, CancellationToken cancellationToken)
    {
        var outcome = await recorder.DecideAsync(
            StreamId.Delivery(request.MessageId, request.Bureau), DeliveryProgress.Waiting, DeliveryProgress.Evolve,
            state => DeliveryProgress.Decide(state, command), new Provenance(caller.Holder.Uri, request.MessageId), cancellationToken);
        return outcome switch
        {
            Recording<DeliveryProgress>.Recorded recorded => (recorded.State, RedeliveryOrdered.Parser.ParseFrom(recorded.Events[0].Data.Span)),
            Recording<DeliveryProgress>.Repeated before => (before.State, null),
            Recording<DeliveryProgress>.Refused refused => throw new RefusalException(refused.Rejection),
            _ => throw new System.Diagnostics.UnreachableException("A recording has three outcomes."),
        };
    }

    private async Task<(LogPosition Position, Accepted Accepted)> AcceptedAsync(RedeliverRequest request, CancellationToken cancellationToken)
    {
        await foreach (var stored in log.ReadStreamAsync(StreamId.Message(request.MessageId), null, cancellationToken))
            return await parties.AsRecipientAsync(Accepted.Parser.ParseFrom(stored.Data.Span), request.Bureau, cancellationToken) is { } accepted
                ? (stored.Position, accepted) : throw NotThere();
        throw NotThere();
    }

    private static RefusalException NotThere() =>
        new(Reasons.UnknownMessage, "There is no delivery of such a message to this bureau. Check the id and the bureau.", ["message_id", "bureau"]);

    private static void Check(RedeliverRequest request)
    {
        if (!BureauCode.TryParse(request.Bureau, out _)) throw new RefusalException(Reasons.FieldInvalid, "Name a bureau by its code.", ["bureau"]);
        if (!MessageId.TryParse(request.MessageId, out _)) throw new RefusalException(Reasons.FieldInvalid, "That is no message id.", ["message_id"]);
        if (!Patterns.IsReasonCode(request.Reason))
            throw new RefusalException(Reasons.FieldInvalid, "A reason is a code like INBOX_LOST: [A-Z_]{1,64}.", ["reason"]);
    }
}
