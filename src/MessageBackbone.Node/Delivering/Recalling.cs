using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Domain.Messages;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Does what an accepted order to recall says: ends each delivery that no receipt settled, asks back what was delivered, and then records in the stream of
/// the recalled message that the order was carried out.</summary>
/// <remarks>Works from the plan, which holds back the deliveries from the moment that it reads the order. Nothing is remembered but the log: what a
/// crash kept from being recorded is still due afterwards, and what was recorded leaves the plan.</remarks>
internal sealed class Recalling(
    Plan plan, Planner planner, IEventLog log, EventRecorder recorder, MessageParties parties, DeliveryEnding ending, ContentStore content,
    Withdrawals withdrawals, NodeIdentity node, DeliveringOptions options, TimeProvider clock, ILogger<Recalling> logger)
{
    private const int Page = 64;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await planner.CaughtUp.WaitAsync(cancellationToken);
        await new PlanWork(planner, plan.Recalls, options.DeadlinesLookedAtEvery, clock, logger).RunAsync(RecallPageAsync, () => null, cancellationToken);
    }

    // The order's own event comes last: until it is in the log the order is owed, whatever a crash cut off.
    private async Task<LogPosition?> RecallPageAsync(CancellationToken cancellationToken)
    {
        var ends = await Task.WhenAll(plan.Ask.RecalledRows(Page).Select(row => EndAsync(row, cancellationToken)));
        if (ends.Length > 0) return ends.Max();
        var orders = await Task.WhenAll(plan.Ask.OwedRecalls(Page).Select(order => CarryOutAsync(order, cancellationToken)));
        return orders.Length == 0 ? null : orders.Max();
    }

    private async Task<LogPosition> CarryOutAsync(LogPosition owed, CancellationToken cancellationToken)
    {
        var (header, bytes, order) = await OrderAsync(owed, cancellationToken);
        foreach (var bureau in header.To) await AskBackAsync(header, order, bureau, cancellationToken);
        return await RecordAsync(header, bytes, order, cancellationToken);
    }

    // Also an alternate whom the order does not name, when it was faster than the order: what was sent in a recipient's place is recalled with it.
    private async Task AskBackAsync(MessageHeader header, RecallOrder order, string bureau, CancellationToken cancellationToken)
    {
        if (await parties.FindAsync(header.InReplyTo, bureau, cancellationToken) is not { } accepted) return;
        var command = Command(accepted, bureau, header, order);
        var state = await ending.DecideAsync(accepted, bureau, command, header.MessageId, cancellationToken) switch
        {
            Recording<DeliveryProgress>.Recorded recorded => recorded.State,
            Recording<DeliveryProgress>.Repeated before => before.State,
            _ => throw new InvalidOperationException($"The order {header.MessageId} names {bureau}, which is no recipient of what it recalls."),
        };
        if (state.IsAskedBack) DeliveringLog.AskedBack(logger, header.InReplyTo, bureau);
        if (state.RedirectedTo is { } alternate && !header.To.Contains(alternate)) await AskBackAsync(header, order, alternate, cancellationToken);
    }

    private async Task<LogPosition> RecordAsync(MessageHeader header, ByteString bytes, RecallOrder order, CancellationToken cancellationToken)
    {
        var facts = new RecallOrdered
        {
            MessageId = header.InReplyTo,
            OrderId = header.MessageId,
            Order = bytes,
            Reason = order.Reason,
            Recipients = { header.To.Order(StringComparer.Ordinal) },
            At = clock.GetUtcNow().ToTimestamp(),
            Node = node.Name,
        };
        var outcome = await recorder.DecideAsync(
            StreamId.Message(header.InReplyTo), Message.Unknown, Message.Evolve, state => Message.Decide(state, new OrderRecall(facts)),
            new Provenance(node.Uri, header.InReplyTo, header.MessageId), cancellationToken);
        switch (outcome)
        {
            case Recording<Message>.Recorded recorded:
                DeliveringLog.RecallOrdered(logger, header.InReplyTo, header.MessageId);
                return recorded.At.Position;
            case Recording<Message>.Repeated before:
                return before.Stream[^1].Position;
            default:
                throw new InvalidOperationException($"The plan names an order to recall {header.InReplyTo}, which was never accepted.");
        }
    }

    private async Task<LogPosition> EndAsync(RecalledRow recalled, CancellationToken cancellationToken)
    {
        var row = recalled.Row;
        var (message, bureau) = (row.MessageText, row.Lane.Bureau);
        var (header, _, order) = await OrderAsync(recalled.By, cancellationToken);
        withdrawals.Tell(row.Lane, row.Sequence);
        // Nothing recorded: a receipt came first, or another end, and the plan has yet to read it.
        var (at, now) = await ending.EndAsync(row, accepted => Command(accepted, bureau, header, order), header.MessageId, cancellationToken);
        Tell(message, bureau, now);
        return at;
    }

    private Recall Command(Accepted accepted, string bureau, MessageHeader header, RecallOrder order) =>
        new(accepted, bureau, header.MessageId, order.Reason, clock.GetUtcNow(), node.Name);

    private void Tell(string message, string bureau, DeliveryProgress? now)
    {
        if (now is null) return;
        if (now.IsAskedBack) DeliveringLog.AskedBack(logger, message, bureau);
        else DeliveringLog.Recalled(logger, message, bureau);
    }

    private async Task<(MessageHeader Header, ByteString Bytes, RecallOrder Order)> OrderAsync(LogPosition position, CancellationToken cancellationToken)
    {
        var header = Accepted.Parser.ParseFrom((await ReadAsync(position, cancellationToken)).Data.Span).Content;
        var body = content.ReadAll(Fingerprint.Read(header.BodySha256.Span));
        if (body is null)
        {
            // That it was accepted says that it was good; only its words are gone. Held up for them, the message would go on being held back for good.
            DeliveringLog.BodyLost(logger, header.MessageId, header.From);
            return (header, ByteString.Empty, new RecallOrder());
        }
        var bytes = SealedContent.Parser.ParseFrom(body).Data;
        return ReceiptBuilding.TryRead(bytes.Memory, RecallOrder.Parser, out _, out var order, out var problem)
            ? (header, bytes, order)
            : throw new InvalidOperationException($"The order {header.MessageId} was accepted and cannot be read: {problem}");
    }

    private async Task<EventLog.RecordedEvent> ReadAsync(LogPosition position, CancellationToken cancellationToken) =>
        await log.ReadAtAsync(position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {position}, which the plan names.");
}
