using Grpc.Core;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Signing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>Keeps this bureau attended for as long as the gateway runs: one stream after the other, with pauses that grow.</summary>
internal sealed class Attendance(
    KeyRing keys, NodeChannel node, DeliveryCheck check, Quarantining quarantining, InboxStore inbox, OutboxQueue outbox, Sender sender, ReceiptStore receipts,
    Signal opened, GatewayOptions options,
    GatewayObservers observers, GatewayMeter meter, TimeProvider clock, Random jitter, ILogger<Attendance> log) : IDisposable
{
    private readonly Backoff _backoff = new(options.ReconnectFirst, options.ReconnectMax, jitter);
    private readonly LaneSlots _verifySlots = new(options.VerifyInParallel);
    private TimeSpan _lastPause;
    private long _since;

    public bool Attending { get; private set; }

    /// <summary>Why the last attendance ended; empty before the first end.</summary>
    public string LastEnd { get; private set; } = "";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var end = await AttendAsync(cancellationToken);
            // A node that welcomes and ends at once is as little use as none: only what outlasted the pause before it went well.
            if (Attending && clock.GetElapsedTime(_since) > _lastPause) _backoff.Reset();
            Attending = false;
            if (cancellationToken.IsCancellationRequested) return;
            LastEnd = end.Reason;
            keys.TryReload(log); // a renewed certificate is shown at the next connection
            var pause = _lastPause = Pause(end);
            observers.Tell(new GatewayEvent.Attendance(false, end.Reason, clock.GetUtcNow()));
            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => _verifySlots.Dispose();

    private async Task<StreamEnd> AttendAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var call = node.Delivery.Attend(cancellationToken: cancellationToken);
            var outlet = new ReceiptOutlet(call.RequestStream);
            var lanes = new DeliveryLanes(check, quarantining, inbox, outbox, outlet, observers, meter, _verifySlots, clock);
            var signing = new ReceiptSigning(keys, receipts, clock, log);
            var stream = new AttendedStream(call, lanes, outlet, receipts, signing, opened, sender.HoldBack, options, observers, meter, clock, log);
            return await stream.RunAsync(Begun, cancellationToken);
        }
        catch (RpcException fault)
        {
            var refusal = NodeRefusal.Of(fault);
            return new StreamEnd(refusal?.Reason ?? (fault.StatusCode == StatusCode.Aborted ? Reasons.Superseded : fault.StatusCode.ToString()), refusal?.RetryAfter);
        }
        catch (SqliteException fault)
        {
            GatewayLog.StoreFailed(log, fault.SqliteErrorCode, fault);
            return new StreamEnd("INBOX_UNAVAILABLE", null);
        }
        catch (QuarantineHaltedException halted)
        {
            GatewayLog.AttendanceFailed(log, halted);
            return new StreamEnd("QUARANTINE_HALTED", null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new StreamEnd("STOPPED", null);
        }
        catch (Exception fault)
        {
            // A fault of our own must not end receiving for good; what was not stored comes again.
            GatewayLog.AttendanceFailed(log, fault);
            return new StreamEnd(fault.GetType().Name, null);
        }
    }

    private void Begun()
    {
        _since = clock.GetTimestamp();
        Attending = true;
        observers.Tell(new GatewayEvent.Attendance(true, "", clock.GetUtcNow()));
    }

    // Two gateways with one bureau's keys would take the attendance from each other at every pause: the one that lost it waits long.
    private TimeSpan Pause(StreamEnd end)
    {
        if (end.Reason == Reasons.Superseded)
        {
            GatewayLog.Superseded(log, options.SupersededPause.TotalSeconds);
            return options.SupersededPause;
        }
        var pause = _backoff.Next();
        if (end.RetryAfter is { } told && told > pause) pause = told < options.SupersededPause ? told : options.SupersededPause;
        GatewayLog.AttendanceEnded(log, end.Reason, pause.TotalMilliseconds);
        return pause;
    }
}
