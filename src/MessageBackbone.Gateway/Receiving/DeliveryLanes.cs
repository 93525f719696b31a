using System.Threading.Channels;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>
/// Deliveries of one attendance on their way into the inbox: checked in parallel, stored in the order in which they came within each precedence, and
/// receipted once stored. A large ROUTINE body that is being fetched holds up ROUTINE only: no lane waits for a place that another one holds.
/// </summary>
internal sealed class DeliveryLanes(
    DeliveryCheck check, Quarantining quarantining, InboxStore inbox, OutboxQueue outbox, ReceiptOutlet outlet, GatewayObservers observers, GatewayMeter meter,
    LaneSlots verifySlots, TimeProvider clock)
{
    private readonly Channel<Task<Judged>>[] _lanes = [.. Enumerable.Range(0, Peeked.Lanes).Select(_ => Channel.CreateUnbounded<Task<Judged>>())];

    // One a lane: what is tried again and again in one keeps no other's receipts back.
    private readonly Channel<(Judged Judged, KeepingTurn Turn)>[] _stored =
        [.. Enumerable.Range(0, Peeked.Lanes).Select(_ => Channel.CreateUnbounded<(Judged, KeepingTurn)>())];

    private int _open;

    /// <summary>Deliveries whose receipt the node has not answered for good: what the window bounds, and with it what this gateway must remember.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Called when a delivery was given up without a receipt.</summary>
    public Action GivenUp { get; init; } = static () => { };

    /// <summary>The node answered a delivery's receipt, and it will not be sent again.</summary>
    public void Settle() => Interlocked.Decrement(ref _open);

    public void Take(Delivery delivery, string house, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _open);
        var peeked = Peeked.At(delivery);
        _lanes[peeked.Lane].Writer.TryWrite(Task.Run(() => JudgeAsync(delivery, peeked, house, cancellationToken), cancellationToken));
    }

    /// <summary>The loops: each ends only when cancelled or by a fault that ends the attendance.</summary>
    public IEnumerable<Task> Run(CancellationToken cancellationToken) =>
    [
        .. _lanes.Select((lane, i) => StoreAsync(lane.Reader, _stored[i].Writer, cancellationToken)),
        .. _stored.Select(lane => AnswerAsync(lane.Reader, cancellationToken)),
    ];

    private Task<Judged> JudgeAsync(Delivery delivery, Peeked peeked, string house, CancellationToken cancellationToken) =>
        verifySlots.RunAsync(peeked.Lane, () => check.JudgeAsync(delivery, peeked, house, cancellationToken), cancellationToken);

    // Handed to the store one after the other and not awaited in between: the store keeps the order, and one flush serves many.
    private async Task StoreAsync(
        ChannelReader<Task<Judged>> lane, ChannelWriter<(Judged Judged, KeepingTurn Turn)> stored, CancellationToken cancellationToken)
    {
        var last = KeepingTurn.Of(null);
        await foreach (var judging in lane.ReadAllAsync(cancellationToken))
        {
            switch (await judging)
            {
                case Judged.Fresh fresh:
                    if (IsApart(fresh)) quarantining.Count(fresh.MessageId, fresh.Arrival.Reason);
                    var before = last;
                    last = new KeepingTurn();
                    last.First = await inbox.HandInAsync(
                        fresh.Arrival, fresh.Receipt, fresh.Instead, fresh.Order, () => !before.IsOpen, cancellationToken);
                    stored.TryWrite((fresh, last));
                    break;
                case Judged.Repeat repeat:
                    stored.TryWrite((repeat, KeepingTurn.Of(repeat.Before)));
                    break;
                case var unanswerable:
                    Interlocked.Decrement(ref _open); // given up here: the node takes it back by itself
                    unanswerable.Activity?.Dispose();
                    GivenUp();
                    break;
            }
        }
    }

    private async Task AnswerAsync(ChannelReader<(Judged Judged, KeepingTurn Turn)> stored, CancellationToken cancellationToken)
    {
        await foreach (var (judged, turn) in stored.ReadAllAsync(cancellationToken))
        {
            var kept = judged is Judged.Fresh fresh ? await KeptAsync(fresh, turn, cancellationToken) : await turn.First;
            turn.Settled = true;
            if (kept.Outcome != (int)DeliveryOutcome.Quarantined) quarantining.Processed();
            if (kept.Statement is { } statement) Send(statement);
            Tell(judged, kept);
            var receipt = new SentReceipt(
                judged.MessageId, judged.HeaderSha256, ReceiptKind.Answer, kept.Outcome, judged.Delivery.DeliveryId, kept.Receipt, OfDelivery: true);
            await outlet.SendAsync(receipt, cancellationToken);
            judged.Activity?.Dispose();
        }
    }

    private static bool IsApart(Judged.Fresh fresh) => fresh.Arrival.Outcome == (int)DeliveryOutcome.Quarantined;

    // What the store does not take while it takes others is kept apart.
    private async Task<Kept> KeptAsync(Judged.Fresh fresh, KeepingTurn turn, CancellationToken cancellationToken)
    {
        Task<Kept>? first = turn.First;
        if (IsApart(fresh)) return await KeepAsync(fresh, first, cancellationToken);
        var task = await quarantining.TryAsync(
            fresh.MessageId,
            async () => Task.FromResult(await KeepAsync(fresh, Interlocked.Exchange(ref first, null), cancellationToken)),
            () =>
            {
                quarantining.Count(fresh.MessageId, Reasons.CannotStore);
                var (arrival, receipt) = fresh.Apart(Reasons.CannotStore);
                return inbox.KeepAsync(arrival, receipt, fresh.Instead, null, cancellationToken);
            },
            cancellationToken);
        return await task;
    }

    /// <param name="first">The first try, which runs already in its order among the others; null: it is over.</param>
    private async Task<Kept> KeepAsync(Judged.Fresh fresh, Task<Kept>? first, CancellationToken cancellationToken)
    {
        try
        {
            if (first is not null) return await first;
        }
        catch (InboxOrderException)
        {
            // That was no try of its own. What came before it is settled by now.
        }
        return await inbox.KeepAsync(fresh.Arrival, fresh.Receipt, fresh.Instead, fresh.Order, cancellationToken);
    }

    // Beyond the outbox's bounds where they are reached: the order is carried out by now, and its sender waits for the answer.
    private void Send(WaitingMessage statement)
    {
        outbox.ReserveStored(statement.Size);
        outbox.Put(statement);
    }

    private void Tell(Judged judged, Kept kept)
    {
        var at = clock.GetUtcNow();
        var header = judged is Judged.Repeat repeat ? repeat.Peeked.Header : null;
        var (sender, precedence) = judged is Judged.Fresh fresh
            ? (fresh.Arrival.Sender, (Precedence)fresh.Arrival.Precedence)
            : (header?.From ?? "", header?.Precedence ?? Precedence.Routine);
        var from = BureauCode.TryParse(sender, out var named) ? named : default;
        var outcome = (DeliveryOutcome)kept.Outcome;
        meter.Received(outcome.ToString(), kept.Repeated, precedence.ToString(), kept.Repeated ? null : at - (judged as Judged.Fresh)?.CreatedAt);
        observers.Tell(new GatewayEvent.Received(
            MessageId.Parse(judged.MessageId), from, precedence, outcome, kept.Reason, judged.Delivery.Position, judged.Delivery.Sequence, kept.Repeated, at));
    }
}
