using System.Collections.Concurrent;
using Grpc.Core;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>One gateway's stream, from Welcome to its end. One loop owns the lanes and writes; another reads; receipts are recorded beside both.</summary>
/// <remarks>Bounded by the gateway's window, by <see cref="DeliveringOptions.ReadyAhead"/> and <see cref="DeliveringOptions.ReceiptsInFlight"/>: a gateway
/// that is slow holds up its own lanes and nobody else's.</remarks>
internal sealed class Attendance(
    Caller caller, Window window, IAsyncStreamReader<FromGateway> requests, IServerStreamWriter<ToGateway> responses, AttendanceRooms rooms, ILogger logger)
    : IDisposable
{
    private readonly LaneDesk[] _desks = [.. LaneKey.Of(caller.Name).Select(lane => new LaneDesk(lane, rooms.Plan, rooms.Options, rooms.Clock, logger))];
    private readonly ConcurrentDictionary<Guid, InHand> _presented = new();
    private readonly ConcurrentQueue<Action> _news = new();
    private readonly ConcurrentQueue<Answer> _answers = new();
    private readonly SemaphoreSlim _receipts = new(rooms.Options.ReceiptsInFlight);
    private readonly ConcurrentDictionary<Task, bool> _recording = new();
    private readonly Signal _wake = new();
    private bool _gatewayIsDone;

    /// <summary>Returns when the gateway ended its side; throws what else ended it. Everything in hand was given back then.</summary>
    public async Task RunAsync(Func<string> endedBy, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Open(window);
        ILaneAttachment[] attachments = [.. _desks.Select(desk => rooms.Transport.Attach(desk.Lane, held => Post(() => desk.Arrive(held))))];
        var reading = ReadAllAsync(stop.Token);
        var writing = WriteAllAsync(stop.Token);
        try
        {
            var first = await Task.WhenAny(reading, writing);
            if (first == reading && reading.IsCompletedSuccessfully) first = writing;
            await first;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll([reading, writing, .. _desks.SelectMany(desk => desk.Preparing)]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await GiveBackAsync(attachments, endedBy());
        }
    }

    public void Dispose() => _receipts.Dispose();

    private async Task ReadAllAsync(CancellationToken cancellationToken)
    {
        while (await requests.MoveNext(cancellationToken).WaitAsync(cancellationToken))
        {
            var frame = requests.Current;
            switch (frame.FrameCase)
            {
                case FromGateway.FrameOneofCase.Receipt:
                    // Not read on before there is room: what the node has not taken in yet stays with the gateway.
                    await _receipts.WaitAsync(cancellationToken);
                    BeginRecording(frame.Receipt, cancellationToken);
                    break;
                case FromGateway.FrameOneofCase.Window:
                    Post(() => Open(frame.Window));
                    break;
                case FromGateway.FrameOneofCase.Cosignature:
                    break;
                default:
                    throw new RefusalException(Protocol.Signing.Reasons.FieldInvalid, "After Hello send Receipt, Window or Cosignature.", ["frame"]);
            }
        }
        await Task.WhenAll(_recording.Keys);
        Post(() => _gatewayIsDone = true);
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_news.TryDequeue(out var news)) news();
            await TakeAsync(cancellationToken);
            if (_answers.TryDequeue(out var answer))
            {
                await responses.WriteAsync(answer.Frame, cancellationToken);
                answer.Written();
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
                await _wake.WaitAsync(NextDue(), rooms.Clock, cancellationToken);
                await TakeBackOldAsync(cancellationToken);
            }
        }
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        foreach (var desk in _desks)
            while (await desk.TakeAsync(cancellationToken) is { } delivery)
                desk.Preparing.Enqueue(PrepareAsync(delivery, cancellationToken));
    }

    private async Task<InHand> PrepareAsync(InHand delivery, CancellationToken cancellationToken)
    {
        try
        {
            delivery.Ready = await rooms.Presenting.PrepareAsync(delivery.Lane, delivery.Sequence, delivery.Held?.TraceParent, cancellationToken);
            return delivery;
        }
        finally
        {
            _wake.Set();
        }
    }

    private async Task PresentAsync(LaneDesk desk, InHand delivery, CancellationToken cancellationToken)
    {
        if (delivery.Ready is not { } ready)
        {
            desk.Release(delivery);
            desk.Free(delivery.Sequence);
            return;
        }
        // Before the write: from here on nobody can say that the gateway has not seen it.
        delivery.PresentedAt = rooms.Clock.GetUtcNow();
        _presented[ready.Presentation.Row.MessageId] = delivery;
        var frame = new ToGateway { Delivery = ready.Frame };
        delivery.Ready = ready with { Frame = Nothing };
        await responses.WriteAsync(frame, cancellationToken);
    }

    private void BeginRecording(Receipt frame, CancellationToken cancellationToken)
    {
        var task = RecordAsync(frame, cancellationToken);
        _recording[task] = true;
        _ = task.ContinueWith(done => _recording.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task RecordAsync(Receipt frame, CancellationToken cancellationToken)
    {
        try
        {
            await JudgeAsync(frame, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The stream is over; the gateway sends the receipt again on its next one.
            _receipts.Release();
        }
        catch (Exception fault) when ((fault as RefusalException ?? Refusals.OfFault(fault)) is { } refusal)
        {
            DeliveringLog.ReceiptRefused(logger, caller.Name, refusal.Reason);
            Answer(new ToGateway { ReceiptRefused = new ReceiptRefused { DeliveryId = Hint(frame), Refusal = refusal.ToMessage() } });
        }
    }

    private async Task JudgeAsync(Receipt frame, CancellationToken cancellationToken)
    {
        var receipt = ReceiptReading.Read(caller.Name, frame.Signed);
        var inHand = Guid.TryParse(receipt.Content.MessageId, out var id) ? _presented.GetValueOrDefault(id) : null;
        using var trace = DeliveryTraces.StartReceipt(inHand?.Ready?.TraceParent);
        var attempt = inHand is null ? null : rooms.Attempts.AttemptOf(inHand);
        var position = await rooms.Receipts.RecordAsync(caller, receipt, inHand?.Ready?.Accepted, attempt, cancellationToken);
        // The answer first: a place in the window that is free before it could be filled before it, and the gateway would see one delivery too many.
        Answer(new ToGateway { Recorded = new Recorded { DeliveryId = Hint(frame), Position = position.Value } });
        if (inHand is null) return;
        _presented.TryRemove(new KeyValuePair<Guid, InHand>(id, inHand));
        Post(() => Settle(inHand));
    }

    private void Settle(InHand delivery)
    {
        var desk = Array.Find(_desks, desk => desk.Lane == delivery.Lane)!;
        desk.Release(delivery);
        desk.Free(delivery.Sequence);
    }

    private void Answer(ToGateway frame)
    {
        _answers.Enqueue(new Answer(frame, () => _receipts.Release()));
        _wake.Set();
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

    private TimeSpan? NextDue() => _desks.Select(desk => desk.Due()).Min() is { } due ? due - rooms.Clock.GetUtcNow() : null;

    private async Task TakeBackOldAsync(CancellationToken cancellationToken)
    {
        var now = rooms.Clock.GetUtcNow();
        foreach (var desk in _desks)
            foreach (var old in desk.InHand.Where(delivery => delivery.PresentedAt + rooms.Options.InHandAtMost <= now).ToList())
            {
                var message = old.Ready!.Presentation.Row.MessageId;
                if (!_presented.TryRemove(new KeyValuePair<Guid, InHand>(message, old))) continue;
                DeliveringLog.TakenBack(logger, message, caller.Name, rooms.Options.InHandAtMost);
                await rooms.Attempts.EndAsync(old, "timeout");
                await rooms.Plan.UnmarkAsync(desk.Lane, [old.Sequence], now + rooms.Options.AgainAfter, cancellationToken);
                desk.Release(old);
            }
    }

    private async Task GiveBackAsync(ILaneAttachment[] attachments, string endedBy)
    {
        await Task.WhenAll(_recording.Keys);
        foreach (var attachment in attachments) await attachment.DisposeAsync();
        while (_news.TryDequeue(out var news)) news();
        foreach (var desk in _desks)
            await rooms.Plan.UnmarkAsync(
                desk.Lane, [.. desk.InHand.Where(delivery => delivery.Held is null).Select(delivery => delivery.Sequence)], null, CancellationToken.None);
        await Task.WhenAll(_presented.Values.Select(delivery => rooms.Attempts.EndAsync(delivery, endedBy)));
    }

    private static readonly Delivery Nothing = new();

    // Only a hint, and it came from outside: echoed no longer than ours are.
    private static string Hint(Receipt frame) => frame.DeliveryId.Length <= 128 ? frame.DeliveryId : "";
}

/// <summary>A frame that answers a receipt, and what to do once it is written.</summary>
internal sealed record Answer(ToGateway Frame, Action Written);
