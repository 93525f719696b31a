using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// Records refusals of enrolled callers in stream <c>security</c>: per caller and reason at most one event a minute, with the number of refusals since the one
/// before. Memory is one entry per enrolled caller and reason.
/// </summary>
internal sealed class SecurityRecorder(EventRecorder recorder, TimeProvider clock, ILogger<SecurityRecorder> logger)
{
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<(Holder Caller, string Reason), Tally> _tallies = [];

    /// <summary>Never fails: a refusal reaches its caller whether or not it could be recorded.</summary>
    public async ValueTask NoteAsync(Caller? caller, string reason, ByteString? headerSha256)
    {
        // The node's own trouble, and the end of a stream by a newer one, say nothing about the caller.
        if (caller is null || reason is Reasons.StoreUnavailable or Reasons.NotLeader or Reasons.Draining or Reasons.Superseded)
        {
            return;
        }

        var tally = _tallies.GetOrAdd((caller.Holder, reason), static _ => new Tally());
        var now = clock.GetUtcNow();
        if (tally.TakeDue(now, Between) is not { } count)
        {
            return;
        }

        try
        {
            var fact = new SubmissionRefused
            {
                Caller = caller.Holder.Uri,
                Reason = reason,
                At = now.ToTimestamp(),
                Count = count,
                HeaderSha256 = headerSha256 ?? ByteString.Empty,
            };
            NewEvent[] events = [recorder.Prepare(fact, new Provenance(caller.Holder.Uri, reason))];
            await recorder.AppendAsync(StreamId.Security, ExpectedRevision.Any, events, CancellationToken.None);
        }
        catch (EventLogUnavailableException fault)
        {
            tally.GiveBack(count);
            AcceptingLog.SecurityNotRecorded(logger, fault);
        }
    }

    private sealed class Tally
    {
        private readonly Lock _lock = new();
        private DateTimeOffset _recordedAt = DateTimeOffset.MinValue;
        private ulong _count;

        public ulong? TakeDue(DateTimeOffset now, TimeSpan between)
        {
            lock (_lock)
            {
                _count++;
                if (now - _recordedAt < between)
                {
                    return null;
                }

                var count = _count;
                (_recordedAt, _count) = (now, 0);
                return count;
            }
        }

        public void GiveBack(ulong count)
        {
            lock (_lock)
            {
                _count += count;
            }
        }
    }
}
