using System.Collections.Concurrent;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>The receipts of one attendance: those of one message are recorded in the order sent, all others beside each other.</summary>
/// <remarks>A receipt keeps its place until its answer is written, and no frame is read while there is none: so a gateway that sends without reading
/// is held up by itself.</remarks>
internal sealed class ReceiptDesk(Caller caller, PresentedDeliveries presented, AttendanceRooms rooms, Signal wake, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _places = new(rooms.Options.ReceiptsInFlight);
    private readonly ConcurrentDictionary<Task, bool> _working = new();
    private readonly ConcurrentDictionary<Guid, Task> _lastOf = new();
    private readonly ConcurrentQueue<Answer> _answers = new();
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Faults when a receipt failed for a reason that is no refusal: its gateway would wait for an answer for ever, so the stream
    /// ends.</summary>
    public Task Failed => _failed.Task;

    /// <summary>Returns when there was room and the work has begun. Called by the reading loop only.</summary>
    public async Task TakeAsync(Receipt frame, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        var task = WorkAsync(frame, cancellationToken);
        _working[task] = true;
        _ = task.ContinueWith(
            done => _working.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Everything taken so far has its answer, or was given up because the stream ended.</summary>
    public Task IdleAsync() => Task.WhenAll(_working.Keys);

    /// <summary>The next answer to write; whoever took it says <see cref="Written"/> afterwards.</summary>
    public bool TryAnswer(out Answer answer) => _answers.TryDequeue(out answer);

    public void Written() => _places.Release();

    public void Dispose() => _places.Dispose();

    private async Task WorkAsync(Receipt frame, CancellationToken cancellationToken)
    {
        try
        {
            _answers.Enqueue(await AnswerAsync(frame, cancellationToken));
            wake.Set();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The stream is over; the gateway sends the receipt again on its next one.
            _places.Release();
        }
        catch (Exception fault)
        {
            _failed.TrySetException(fault);
        }
    }

    private async Task<Answer> AnswerAsync(Receipt frame, CancellationToken cancellationToken)
    {
        try
        {
            var receipt = ReceiptReading.Read(caller.Name, frame.Signed);
            var message = Guid.Parse(receipt.Content.MessageId);
            return await InTurnAsync(message, () => RecordAsync(message, receipt, frame, cancellationToken), cancellationToken);
        }
        catch (Exception fault) when ((fault as RefusalException ?? Refusals.OfFault(fault)) is { } refusal)
        {
            DeliveringLog.ReceiptRefused(logger, caller.Name, refusal.Reason);
            await rooms.Security.NoteAsync(caller, refusal.Reason, null);
            var refused = new ReceiptRefused { DeliveryId = Hint(frame), Refusal = refusal.ToMessage() };
            return new Answer(new ToGateway { ReceiptRefused = refused }, null);
        }
    }

    // OPENED may follow DELIVERED in the next frame. Recorded beside each other, it could come first and be refused.
    private async Task<Answer> InTurnAsync(Guid message, Func<Task<Answer>> record, CancellationToken cancellationToken)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = _lastOf.GetValueOrDefault(message, Task.CompletedTask);
        _lastOf[message] = mine.Task;
        try
        {
            await before.WaitAsync(cancellationToken);
            return await record();
        }
        finally
        {
            mine.SetResult();
            _lastOf.TryRemove(new KeyValuePair<Guid, Task>(message, mine.Task));
        }
    }

    private async Task<Answer> RecordAsync(Guid message, ReceiptReading receipt, Receipt frame, CancellationToken cancellationToken)
    {
        var delivery = presented.Find(message);
        using var trace = DeliveryTraces.StartReceipt(delivery?.Ready?.TraceParent);
        // What was taken back has its attempt recorded already; its receipt counts all the same, and frees its place in the window.
        var attempt = delivery is { TakenBack: false } ? rooms.Attempts.AttemptOf(delivery) : null;
        var position = await rooms.Receipts.RecordAsync(caller, receipt, delivery?.Ready?.Accepted, attempt, cancellationToken);
        if (delivery is not null) presented.Remove(message, delivery);
        return new Answer(new ToGateway { Recorded = new Recorded { DeliveryId = Hint(frame), Position = position.Value } }, delivery);
    }

    // Only a hint, and it came from outside: echoed no longer than ours are.
    private static string Hint(Receipt frame) => frame.DeliveryId.Length <= 128 ? frame.DeliveryId : "";
}

/// <summary>A frame that answers a receipt.</summary>
/// <param name="Frame">What is written.</param>
/// <param name="Settled">The delivery that it settles; null: none of this stream's.</param>
internal readonly record struct Answer(ToGateway Frame, InHand? Settled);
