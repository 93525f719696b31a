using System.Threading.Channels;
using Grpc.Core;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>How an attendance ended in order; every other end is an exception.</summary>
internal sealed record StreamEnd(string Reason, TimeSpan? RetryAfter);

/// <summary>One attendance, from Hello to its end.</summary>
internal sealed class AttendedStream(
    AsyncDuplexStreamingCall<FromGateway, ToGateway> call, DeliveryLanes lanes, ReceiptOutlet outlet, ReceiptStore receipts, ReceiptSigning signing,
    Signal opened, Action<TimeSpan> drained, GatewayOptions options, GatewayObservers observers, GatewayMeter meter, TimeProvider clock, ILogger log)
{
    private const int Page = 256;

    // They hold at most what is under way: one entry for each receipt that the node answered.
    private readonly Channel<(SentReceipt Receipt, long Refused, TimeSpan After)> _later = Channel.CreateUnbounded<(SentReceipt, long, TimeSpan)>();
    private readonly Channel<(SentReceipt Receipt, long Refused)> _signerRefused = Channel.CreateUnbounded<(SentReceipt, long)>();
    private readonly Channel<(SentReceipt Receipt, ulong Position, Task Marking)> _marks = Channel.CreateUnbounded<(SentReceipt, ulong, Task)>();
    private string _house = "";

    public async Task<StreamEnd> RunAsync(Action attending, CancellationToken cancellationToken)
    {
        await call.RequestStream.WriteAsync(new FromGateway { Hello = Hello() }, cancellationToken);
        if (!await IsWelcomeAsync(cancellationToken)) return new StreamEnd("NO_WELCOME", null);
        attending();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(ending.Token);
        Task[] deciding =
        [
            reading, .. lanes.Run(ending.Token), SendStoredAsync(ending.Token), SendLaterAsync(ending.Token), SendSignedAgainAsync(ending.Token),
            TellRecordedAsync(ending.Token),
        ];
        var writing = outlet.RunAsync(ending.Token);
        var first = await Task.WhenAny(deciding);
        await ending.CancelAsync();
        await Task.WhenAll([.. deciding, writing]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
        return await reading;
    }

    private Hello Hello() => new()
    {
        Bureau = options.Bureau,
        Contract = 1,
        Window = new Window
        {
            Routine = (uint)options.WindowRoutine,
            Priority = (uint)options.WindowPriority,
            Immediate = (uint)options.WindowImmediate,
            Flash = (uint)options.WindowFlash,
        },
    };

    /// <summary>False when the node says nothing for too long.</summary>
    private async Task<bool> IsWelcomeAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.WelcomeWithin, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            if (!await call.ResponseStream.MoveNext(either.Token) || call.ResponseStream.Current.Welcome is null)
                throw new RpcException(new Status(StatusCode.FailedPrecondition, "The node's first frame is no Welcome."));
        }
        catch (RpcException fault) when (fault.StatusCode == StatusCode.Cancelled && patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        var welcome = call.ResponseStream.Current.Welcome;
        _house = BureauCode.TryParse(welcome.House, out var house) ? house.Value : "";
        GatewayLog.Attending(log, Patterns.IsHolderName(welcome.Node) ? welcome.Node : "?");
        return true;
    }

    private async Task<StreamEnd> ReadAsync(CancellationToken cancellationToken)
    {
        // A window more than was granted is room for what crosses on the way; a node beyond it would fill the memory.
        var most = 2 * (options.WindowRoutine + options.WindowPriority + options.WindowImmediate + options.WindowFlash);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            var frame = call.ResponseStream.Current;
            switch (frame.FrameCase)
            {
                case ToGateway.FrameOneofCase.Delivery when lanes.Open >= most || frame.Delivery.Envelope is null:
                    throw new RpcException(new Status(StatusCode.ResourceExhausted, "The node delivers more than the window, or less than an envelope."));
                case ToGateway.FrameOneofCase.Delivery:
                    if (frame.Delivery.Skipped.Count > 0)
                        GatewayLog.Skipped(log, frame.Delivery.Skipped.Count, ((Precedence)(Peeked.At(frame.Delivery).Lane + 1)).ToString());
                    lanes.Take(frame.Delivery, _house, cancellationToken);
                    break;
                case ToGateway.FrameOneofCase.Recorded:
                    MarkRecorded(frame.Recorded);
                    break;
                case ToGateway.FrameOneofCase.ReceiptRefused:
                    await RefusedAsync(frame.ReceiptRefused, cancellationToken);
                    break;
                case ToGateway.FrameOneofCase.Draining when frame.Draining.StreamGoesOn:
                    // Not by ToTimeSpan: what came may be longer than any.
                    drained(TimeSpan.FromSeconds(Math.Clamp(frame.Draining.RetryAfter?.Seconds ?? 0, 0, 3_600)));
                    break;
                case ToGateway.FrameOneofCase.Draining:
                    return new StreamEnd(Reasons.Draining, frame.Draining.RetryAfter?.ToTimeSpan());
                default:
                    break; // checkpoints to witness, and frames of later contracts
            }
        }
        return new StreamEnd("ENDED_BY_NODE", null);
    }

    // Not awaited here: the next frames are read while the mark waits for its flush. A lost mark means that the receipt is sent once more.
    private void MarkRecorded(Recorded recorded)
    {
        if (outlet.Answered(recorded.DeliveryId) is not { } sent) return;
        Settle(sent);
        _marks.Writer.TryWrite((sent, recorded.Position, receipts.RecordAsync(sent.MessageId, sent.HeaderSha256, sent.Kind, (long)recorded.Position, CancellationToken.None)));
    }

    private async Task TellRecordedAsync(CancellationToken cancellationToken)
    {
        await foreach (var (sent, position, marking) in _marks.Reader.ReadAllAsync(cancellationToken))
        {
            await marking;
            if (sent.Kind == ReceiptKind.Answer && receipts.FindOpened(sent.MessageId, sent.HeaderSha256) is { } waiting) await SendAsync(waiting, cancellationToken);
            meter.ReceiptRecorded();
            observers.Tell(new GatewayEvent.ReceiptRecorded(MessageId.Parse(sent.MessageId), (DeliveryOutcome)sent.Outcome, position, clock.GetUtcNow()));
        }
    }

    private async Task RefusedAsync(ReceiptRefused answer, CancellationToken cancellationToken)
    {
        if (outlet.Answered(answer.DeliveryId) is not { } sent) return;
        var refusal = NodeRefusal.Of(answer.Refusal ?? new Refusal());
        if (refusal.Reason is Reasons.StoreUnavailable or Reasons.NotLeader or Reasons.Draining)
        {
            _later.Writer.TryWrite((sent, clock.GetTimestamp(), refusal.RetryAfter ?? options.ReconnectFirst));
            return;
        }
        GatewayLog.ReceiptRefused(log, sent.MessageId, refusal.Reason);
        // Not final: kept back, it would leave its delivery open for ever, and a window of such deliveries closes the lane (decision 0065).
        if (refusal.Reason == Reasons.CertificateNotValid) _signerRefused.Writer.TryWrite((sent, clock.GetTimestamp()));
        else await RefusedForGoodAsync(sent, refusal.Reason, cancellationToken);
        observers.Tell(new GatewayEvent.ReceiptRefused(MessageId.Parse(sent.MessageId), refusal.Reason, clock.GetUtcNow()));
    }

    private Task RefusedForGoodAsync(SentReceipt sent, string reason, CancellationToken cancellationToken)
    {
        Settle(sent);
        return receipts.RefuseAsync(sent.MessageId, sent.HeaderSha256, sent.Kind, reason, cancellationToken);
    }

    private void Settle(SentReceipt sent)
    {
        if (sent.OfDelivery) lanes.Settle();
    }

    private async Task SendLaterAsync(CancellationToken cancellationToken)
    {
        await foreach (var (receipt, refused, after) in _later.Reader.ReadAllAsync(cancellationToken))
        {
            await RestAsync(refused, after, cancellationToken);
            await outlet.SendAsync(receipt, cancellationToken);
        }
    }

    // Since its refusal: those behind it wait together with it, not one pause after the other, or a full window would be away for minutes.
    private async Task RestAsync(long refused, TimeSpan after, CancellationToken cancellationToken)
    {
        var rest = after - clock.GetElapsedTime(refused);
        if (rest > TimeSpan.Zero) await Task.Delay(rest, clock, cancellationToken);
    }

    // A new key goes at once. Without one the same bytes go again after a pause: a certificate may be installed, or enrolled, later than it is missed.
    private async Task SendSignedAgainAsync(CancellationToken cancellationToken)
    {
        await foreach (var (refused, at) in _signerRefused.Reader.ReadAllAsync(cancellationToken))
        {
            var again = await signing.AgainAsync(refused, cancellationToken);
            if (again == refused)
            {
                await RestAsync(at, options.ReconnectMax, cancellationToken);
                again = await signing.AgainAsync(refused, cancellationToken);
            }
            if (again is not null) await outlet.SendAsync(again, cancellationToken);
            else Settle(refused);
        }
    }

    // What earlier streams left without an answer, most urgent first; then every OPENED as an officer opens.
    private async Task SendStoredAsync(CancellationToken cancellationToken)
    {
        var lastOpened = receipts.LastRow();
        var (precedence, row) = (int.MaxValue, long.MaxValue);
        while (receipts.ToSend(precedence, row, lastOpened, Page) is { Count: > 0 } page)
        {
            foreach (var receipt in page) await SendAsync(receipt, cancellationToken);
            (precedence, row) = (page[^1].Precedence, page[^1].Row);
        }
        while (true)
        {
            var more = opened.Next();
            foreach (var (receipt, ready) in receipts.OpenedAfter(lastOpened))
            {
                if (ready) await SendAsync(receipt, cancellationToken); // else it goes when the answer to its delivery is recorded
                lastOpened = receipt.Row;
            }
            await more.WaitAsync(cancellationToken);
        }
    }

    private ValueTask SendAsync(StoredReceipt receipt, CancellationToken cancellationToken) => outlet.SendAsync(
        new SentReceipt(receipt.MessageId, receipt.HeaderSha256, receipt.Kind, receipt.Outcome, $"r-{receipt.Row}", receipt.Signed, OfDelivery: false),
        cancellationToken);
}
