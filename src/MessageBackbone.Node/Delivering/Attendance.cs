using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>One gateway's stream, from Welcome to its end. One loop owns the lanes and writes; another reads; receipts are recorded beside
/// both.</summary>
/// <remarks>Bounded by the gateway's window, by <see cref="DeliveringOptions.ReadyAhead"/> and <see cref="DeliveringOptions.ReceiptsInFlight"/>:
/// a gateway that is slow holds up its own lanes and nobody else's.</remarks>
internal sealed class Attendance : IDisposable
{
    private static readonly TimeSpan LookForOldEvery = TimeSpan.FromSeconds(1);

    private readonly PresentedDeliveries _presented = new();
    private readonly ConcurrentQueue<Action> _news = new();
    private readonly Signal _wake = new();
    private readonly IAsyncStreamReader<FromGateway> _requests;
    private readonly IServerStreamWriter<ToGateway> _responses;
    private readonly AttendanceRooms _rooms;
    private readonly LaneDesk[] _desks;
    private readonly ReceiptDesk _receipts;
    private readonly ILogger _logger;
    private Window? _granted;
    private bool _gatewayIsDone;
    private TimeSpan? _draining;
    private DateTimeOffset _nextLook;

    public Attendance(
        Caller caller, Window window, IAsyncStreamReader<FromGateway> requests, IServerStreamWriter<ToGateway> responses, AttendanceRooms rooms,
        ILogger logger)
    {
        (_requests, _responses, _rooms, _logger) = (requests, responses, rooms, logger);
        _desks = [.. LaneKey.Of(caller.Name).Select(lane => new LaneDesk(lane, rooms.Plan, rooms.Options, rooms.Clock, logger))];
        _receipts = new ReceiptDesk(caller, _presented, rooms, _wake, logger);
        Open(window);
    }

    /// <summary>Returns when the gateway ended its side; throws what else ended it. Everything in hand was given back then.</summary>
    public async Task RunAsync(Func<string> endedBy, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var hearing = _rooms.Withdrawals.Hear(_desks[0].Lane.Bureau, (lane, sequence) => Post(() => Withdraw(lane, sequence)));
        using var drain = _rooms.Drain.Hear(retryAfter => Post(() => _draining = retryAfter));
        ILaneAttachment[] attachments = [.. _desks.Select(desk => _rooms.Transport.Attach(desk.Lane, held => Post(() => desk.Arrive(held))))];
        var reading = ReadAllAsync(stop.Token);
        var writing = WriteAllAsync(stop.Token);
        try
        {
            var first = await Task.WhenAny(reading, writing, _receipts.Failed);
            if (first == reading && reading.IsCompletedSuccessfully) first = await Task.WhenAny(writing, _receipts.Failed);
            await first;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Only now: until it ended, the writing loop went on filling and emptying these queues.
            await Task.WhenAll(_desks.SelectMany(desk => desk.Preparing).Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await GiveBackAsync(attachments, endedBy());
        }
    }

    public void Dispose() => _receipts.Dispose();

    private async Task ReadAllAsync(CancellationToken cancellationToken)
    {
        while (await _requests.MoveNext(cancellationToken).WaitAsync(cancellationToken))
        {
            var frame = _requests.Current;
            switch (frame.FrameCase)
            {
                case FromGateway.FrameOneofCase.Receipt:
                    // Not read on before there is room: what the node has not taken in yet stays with the gateway.
                    await _receipts.TakeAsync(frame.Receipt, cancellationToken);
                    break;
                case FromGateway.FrameOneofCase.Window:
                    // Only the newest counts. Queued, they would pile up behind a write that a gateway keeps waiting, without bound.
                    Volatile.Write(ref _granted, frame.Window);
                    _wake.Set();
                    break;
                case FromGateway.FrameOneofCase.Cosignature:
                    break;
                default:
                    throw new RefusalException(Protocol.Signing.Reasons.FieldInvalid, "After Hello send Receipt, Window or Cosignature.", ["frame"]);
            }
        }
        await _receipts.IdleAsync();
        Post(() => _gatewayIsDone = true);
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_news.TryDequeue(out var news)) news();
            if (Interlocked.Exchange(ref _granted, null) is { } granted) Open(granted);
            // Also under a steady load, which leaves the loop no idle moment.
            if (_rooms.Clock.GetUtcNow() >= _nextLook) await TakeBackOldAsync();
            await TakeAsync(cancellationToken);
            if (_draining is { } retryAfter)
            {
                _draining = null;
                await _responses.WriteAsync(new ToGateway { Draining = new Draining { RetryAfter = retryAfter.ToDuration(), StreamGoesOn = true } }, cancellationToken);
            }
            else if (_receipts.TryAnswer(out var answer))
            {
                Settle(answer);
                await _responses.WriteAsync(answer.Frame, cancellationToken);
                _receipts.Written();
            }
            else if (Array.Find(_desks, desk => desk.Preparing.TryPeek(out var head) && head.IsCompleted) is { } desk)
            {
                await PresentAsync(desk, await desk.Preparing.Dequeue(), cancellationToken);
            }
            else if (_gatewayIsDone)
            {
                return;
            }
            else
            {
                await _wake.WaitAsync(NextDue(), _rooms.Clock, cancellationToken);
                await TakeBackOldAsync();
            }
        }
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        foreach (var desk in _desks)
            while (await desk.TakeAsync(cancellationToken) is { } delivery)
            {
                var preparing = PrepareAsync(delivery, cancellationToken);
                desk.Preparing.Enqueue(preparing);
                // Woken by the task's end, not from inside it: a loop that looks before the task counts as ended would sleep over it for good (seen).
                _ = preparing.ContinueWith(
                    _ => _wake.Set(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
    }

    private async Task<InHand> PrepareAsync(InHand delivery, CancellationToken cancellationToken)
    {
        delivery.Ready = await _rooms.Presenting.PrepareAsync(delivery.Lane, delivery.Sequence, delivery.Held?.TraceParent, cancellationToken);
        return delivery;
    }

    private async Task PresentAsync(LaneDesk desk, InHand delivery, CancellationToken cancellationToken)
    {
        if (delivery.Ready is not { } ready)
        {
            desk.Settle(delivery);
            return;
        }
        // Before the write: from here on nobody can say that the gateway has not seen it.
        delivery.PresentedAt = _rooms.Clock.GetUtcNow();
        delivery.Ready = ready with { Frame = Nothing };
        _presented.Add(ready.Presentation.Row.MessageId, delivery);
        await _responses.WriteAsync(new ToGateway { Delivery = ready.Frame }, cancellationToken);
    }

    private void Settle(Answer answer)
    {
        if (answer.Settled is { } delivery) Array.Find(_desks, desk => desk.Lane == delivery.Lane)!.Settle(delivery);
    }

    private void Withdraw(LaneKey lane, ulong sequence)
    {
        Array.Find(_desks, desk => desk.Lane == lane)!.Withdraw(sequence);
        _nextLook = default;
    }

    private void Open(Window granted)
    {
        foreach (var desk in _desks)
            desk.Window = desk.Lane.Precedence switch
            {
                Precedence.Routine => granted.Routine,
                Precedence.Priority => granted.Priority,
                Precedence.Immediate => granted.Immediate,
                _ => granted.Flash,
            };
    }

    private void Post(Action news)
    {
        _news.Enqueue(news);
        _wake.Set();
    }

    private TimeSpan? NextDue() => _desks.Select(desk => desk.Due()).Min() is { } due ? due - _rooms.Clock.GetUtcNow() : null;

    private async Task TakeBackOldAsync()
    {
        var now = _rooms.Clock.GetUtcNow();
        _nextLook = now + LookForOldEvery;
        foreach (var desk in _desks)
            foreach (var old in desk.InHand.Where(delivery => delivery.GivenUpAt(_rooms.Options.InHandAtMost) <= now).ToList())
            {
                var row = old.Ready!.Presentation.Row;
                if (!_presented.Holds(row.MessageId, old)) continue;
                var endedBy = old.IsRecalled ? "recalled" : row.DeliverBy <= now ? "expired" : "timeout";
                DeliveringLog.TakenBack(_logger, row.MessageId, desk.Lane.Bureau, now - old.PresentedAt!.Value, endedBy);
                old.TakenBack = true;
                await _rooms.Attempts.EndAsync(old, endedBy);
                // Also when the stream ends meanwhile: the next one would bring it before its time.
                await _rooms.Plan.UnmarkAsync(desk.Lane, [old.Sequence], now + _rooms.Options.AgainAfter, CancellationToken.None);
                desk.Return(old);
            }
    }

    // Each step whatever becomes of the others: a lane that is not given back is closed to every later attendance of the bureau.
    private async Task GiveBackAsync(ILaneAttachment[] attachments, string endedBy)
    {
        await _receipts.IdleAsync();
        while (_receipts.TryAnswer(out var answer)) Settle(answer);
        try
        {
            await Task.WhenAll(attachments.Select(attachment => attachment.DisposeAsync().AsTask()));
        }
        finally
        {
            while (_news.TryDequeue(out var news)) news();
            var attempts = _presented.All.Where(delivery => !delivery.TakenBack).Select(delivery => _rooms.Attempts.EndAsync(delivery, endedBy));
            await Task.WhenAll([.. _desks.Select(UnmarkPlanOnlyAsync), .. attempts]);
        }
    }

    private Task UnmarkPlanOnlyAsync(LaneDesk desk)
    {
        var planOnly = desk.InHand.Where(delivery => delivery.Held is null).Select(delivery => delivery.Sequence).ToList();
        return _rooms.Plan.UnmarkAsync(desk.Lane, planOnly, null, CancellationToken.None);
    }

    private static readonly Delivery Nothing = new();
}
