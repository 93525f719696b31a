using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Outbox;

/// <summary>
/// Takes what waits, most urgent first, and submits it until the node has answered. After any doubt the same bytes under the same id go again. A precedence
/// that the node has no room for now pauses alone; how is in <see cref="Pauses"/>.
/// </summary>
internal sealed class Sender(
    OutboxStore store, OutboxQueue queue, Uploads uploads, NodeChannel node, Answers answers, GatewayOptions options, GatewayMeter meter, TimeProvider clock, Random jitter,
    ILogger<Sender> log)
{
    private readonly Lock _gate = new();
    private readonly Pauses _pauses = new(options, clock, jitter);
    private readonly string[] _troubles = [.. Enumerable.Repeat("", Pauses.Levels)];
    private readonly HashSet<Task> _running = [];
    private TaskCompletionSource _slotFree = Fresh();
    private int _inFlight;

    /// <summary>Why the last submission of a precedence ended in doubt, of the most urgent one that did; DRAINING while the node wants nothing; empty when all were
    /// answered since.</summary>
    public string Trouble
    {
        get { lock (_gate) return _pauses.IsHeldBack ? Reasons.Draining : _troubles.LastOrDefault(trouble => trouble.Length > 0, ""); }
    }

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The node is about to be stopped and takes nothing: what waits stays here for so long; zero: it takes everything again. What is under way is
    /// answered.</summary>
    public void HoldBack(TimeSpan pause)
    {
        _pauses.HoldBack(pause);
        if (pause > TimeSpan.Zero) GatewayLog.SubmittingPaused(log, Reasons.Draining, pause.TotalMilliseconds);
        else GatewayLog.SubmittingGoesOn(log);
        // It may sleep for longer than it has to now.
        TaskCompletionSource woken;
        lock (_gate) woken = _slotFree;
        woken.TrySetResult();
    }

    /// <summary>Puts into the queue what an earlier run left; once, before anything new is added.</summary>
    public void Load()
    {
        foreach (var waiting in store.Waiting())
        {
            queue.ReserveStored(waiting.Size);
            uploads.Put(waiting);
        }
    }

    /// <summary>Runs until cancelled; then what is under way has ended and waits in the store.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var (changed, slotFree) = (queue.Changed(), SlotFree());
            var rests = _pauses.Rests();
            if (TakeNext(rests) is { } next) Start(next, cancellationToken);
            else await WaitAsync(rests, changed, slotFree, cancellationToken);
        }
        Task[] running;
        lock (_gate) running = [.. _running];
        await Task.WhenAll(running);
    }

    private WaitingMessage? TakeNext(TimeSpan[] rests)
    {
        var inFlight = Volatile.Read(ref _inFlight);
        return queue.TryTake(level => inFlight < SlotsOf(level, options.SubmitInFlight) && rests[level] <= TimeSpan.Zero);
    }

    /// <summary>How many calls may be under way when one of a precedence begins: each leaves a part to what is more urgent, so that no full pipe of anything makes
    /// a FLASH wait for an answer. At least one for all.</summary>
    internal static int SlotsOf(int level, int slots) => (Precedence)level switch
    {
        Precedence.Flash => slots,
        Precedence.Immediate => Math.Max(1, slots * 7 / 8),
        Precedence.Priority => Math.Max(1, slots * 3 / 4),
        _ => Math.Max(1, slots * 5 / 8),
    };

    // Nothing can go now: until something is put, a slot is free or a pause is over.
    private async Task WaitAsync(TimeSpan[] rests, Task changed, Task slotFree, CancellationToken cancellationToken)
    {
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var rest = rests.Where(rest => rest > TimeSpan.Zero).DefaultIfEmpty(Timeout.InfiniteTimeSpan).Min();
        var paused = Task.Delay(rest, clock, woken.Token);
        await ((Task)Task.WhenAny(changed, slotFree, paused)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await woken.CancelAsync();
    }

    private void Start(WaitingMessage message, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inFlight);
        var task = Task.Run(() => SubmitAsync(message, cancellationToken), CancellationToken.None);
        lock (_gate) _running.Add(task);
        _ = task.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Ended(Task task)
    {
        Interlocked.Decrement(ref _inFlight);
        TaskCompletionSource free;
        lock (_gate)
        {
            _running.Remove(task);
            free = _slotFree;
        }
        free.TrySetResult();
    }

    private async Task SubmitAsync(WaitingMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await TrySubmitAsync(message, cancellationToken);
        }
        catch (RpcException fault)
        {
            Doubt(message, fault.StatusCode.ToString());
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Doubt(message, "STOPPED");
        }
        catch (Exception fault)
        {
            // The store, or a fault of our own: the message waits on, and it is told.
            GatewayLog.SubmitFailed(log, message.MessageId, fault);
            Doubt(message, fault.GetType().Name);
        }
    }

    private async Task TrySubmitAsync(WaitingMessage message, CancellationToken cancellationToken)
    {
        var stored = store.Read(message.Row);
        SubmitReply reply;
        try
        {
            reply = await AskAsync(stored, (Precedence)message.Precedence, cancellationToken);
        }
        catch (RpcException fault) when (NodeRefusal.Of(fault) is { } refusal)
        {
            await RefusedAsync(message, refusal, cancellationToken);
            return;
        }
        if (await answers.AcceptedAsync(message, stored.Signed, reply)) Succeeded(message);
        else Doubt(message, "ACCEPTANCE_NOT_VERIFIED");
    }

    private async Task<SubmitReply> AskAsync(StoredMessage stored, Precedence precedence, CancellationToken cancellationToken)
    {
        using var activity = GatewayTelemetry.Source.StartActivity("submit", ActivityKind.Client, GatewayTelemetry.Parent(stored.Origin.TraceParent));
        activity?.SetTag("message.id", stored.Signed.MessageId);
        var request = new SubmitRequest
        {
            Envelope = new Envelope { Header = UnsafeByteOperations.UnsafeWrap(stored.Signed.Header), Body = UnsafeByteOperations.UnsafeWrap(stored.Signed.Body) },
        };
        return await node.For(precedence, (ulong)stored.Signed.Body.Length).SubmitAsync(
            request, deadline: clock.GetUtcNow().UtcDateTime + options.SubmitTimeout, cancellationToken: cancellationToken);
    }

    private async Task RefusedAsync(WaitingMessage message, NodeRefusal refusal, CancellationToken cancellationToken)
    {
        switch (await answers.RefusedAsync(message, refusal, cancellationToken))
        {
            case Answer.Final:
                Succeeded(message);
                break;
            case Answer.Upload again:
                Succeeded(message);
                uploads.Put(again.Message);
                break;
            case Answer.Again again when refusal.Reason == Reasons.ClockSkew:
                Doubt(again.Message, refusal.Reason, refusal); // signed now and sent after a pause, so that the node's clock comes nearer
                break;
            case Answer.Again again:
                Succeeded(message);
                queue.Put(again.Message);
                break;
            default:
                Doubt(message, refusal.Reason, refusal);
                break;
        }
    }

    private void Succeeded(WaitingMessage message)
    {
        _pauses.Answered(message.Precedence);
        Tell(message.Precedence, "");
    }

    private void Doubt(WaitingMessage message, string why, NodeRefusal? refusal = null)
    {
        Tell(message.Precedence, why);
        meter.Doubted();
        if (_pauses.Begin(message.Precedence, refusal) is { } pause) GatewayLog.SubmittingPaused(log, why, pause.TotalMilliseconds);
        queue.Put(message);
    }

    private void Tell(int precedence, string trouble)
    {
        lock (_gate) _troubles[precedence] = trouble;
    }

    private Task SlotFree()
    {
        lock (_gate)
        {
            if (_slotFree.Task.IsCompleted) _slotFree = Fresh();
            return _slotFree.Task;
        }
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
