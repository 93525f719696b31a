using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>traffic</c>: what was recorded when, counted at four resolutions, with histograms of the latencies, per precedence and exercise or not
/// (decision 0148).</summary>
/// <remarks>Times are those of the events, and what is too old is too old by the newest of them: rows that are made again are the same.</remarks>
internal static class TrafficRows
{
    // open: deliveries that can still be counted for something; until_opened: also after DELIVERED, as long as steps may be taken.
    private const string Schema =
        """
        CREATE TABLE traffic (
            resolution INTEGER NOT NULL,
            start INTEGER NOT NULL,
            precedence INTEGER NOT NULL,
            exercise INTEGER NOT NULL,
            accepted INTEGER NOT NULL,
            delivered INTEGER NOT NULL,
            refused INTEGER NOT NULL,
            expired INTEGER NOT NULL,
            recalled INTEGER NOT NULL,
            quarantined INTEGER NOT NULL,
            redirected INTEGER NOT NULL,
            escalated INTEGER NOT NULL,
            PRIMARY KEY (resolution, start, precedence, exercise)) STRICT, WITHOUT ROWID;
        CREATE TABLE latency (
            resolution INTEGER NOT NULL,
            start INTEGER NOT NULL,
            precedence INTEGER NOT NULL,
            exercise INTEGER NOT NULL,
            bucket INTEGER NOT NULL,
            deliveries INTEGER NOT NULL,
            PRIMARY KEY (resolution, start, precedence, exercise, bucket)) STRICT, WITHOUT ROWID;
        CREATE TABLE open (
            message BLOB NOT NULL,
            bureau TEXT NOT NULL,
            precedence INTEGER NOT NULL,
            exercise INTEGER NOT NULL,
            since INTEGER NOT NULL,
            until_opened INTEGER NOT NULL,
            delivered INTEGER NOT NULL,
            PRIMARY KEY (message, bureau)) STRICT, WITHOUT ROWID;
        CREATE INDEX open_exercise ON open (bureau) WHERE exercise = 1 AND delivered = 0;
        CREATE TABLE newest (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), at INTEGER NOT NULL) STRICT;
        """;

    private const string Asked =
        "WHERE resolution = ?1 AND start >= ?2 AND start < ?3 AND (?4 IS NULL OR precedence = ?4) AND (?5 IS NULL OR exercise = ?5)";

    /// <summary>Counts of every start: parameters are resolution, from, before, precedence, exercise.</summary>
    public const string Counts =
        $"""
        SELECT start, sum(accepted), sum(delivered), sum(refused), sum(expired), sum(recalled), sum(quarantined), sum(redirected), sum(escalated)
        FROM traffic {Asked} GROUP BY start ORDER BY start
        """;

    /// <summary>Buckets of every start, in its order, with the parameters of <see cref="Counts"/>. The reader adds them up: the engine would sort them first.</summary>
    public const string Latencies = $"SELECT start, bucket, deliveries FROM latency {Asked} ORDER BY start";

    public static Projection Projection { get; } = new("traffic", 1, Schema, session => new Writer(session));

    private sealed class Writer : IRowWriter
    {
        private readonly Reactions _reactions;
        private readonly TrafficSums _sums;
        private readonly OpenDeliveries _open;

        public Writer(ReadModelSession session)
        {
            (_sums, _open) = (new TrafficSums(session), new OpenDeliveries(session));
            _reactions = new Reactions()
                .On<Accepted>((recorded, e) => Accept(recorded, e))
                .On<Delivered>((recorded, e) => Deliver(recorded, e.MessageId, e.Recipient))
                .On<Opened>((_, e) => _open.End(e.MessageId, e.Recipient))
                .On<AskedBack>((_, e) => EndDelivered(e.MessageId, e.Recipient))
                .On<Refused>((recorded, e) => End(recorded, e.MessageId, e.Recipient, TrafficCount.Refused))
                .On<RefusedByOperator>((recorded, e) => End(recorded, e.MessageId, e.Recipient, TrafficCount.Refused))
                .On<Expired>((recorded, e) => End(recorded, e.MessageId, e.Recipient, TrafficCount.Expired))
                .On<Recalled>((recorded, e) => End(recorded, e.MessageId, e.Recipient, TrafficCount.Recalled))
                .On<V1.Quarantined>((recorded, e) => Quarantine(recorded, e))
                .On<Escalated>((recorded, e) => Escalate(recorded, e))
                .On<Redirected>(Redirect);
        }

        public void Apply(RecordedEvent recorded)
        {
            _sums.See(RowText.Ticks(recorded.RecordedAt));
            _reactions.Apply(recorded);
        }

        public void Flush()
        {
            _open.Flush();
            _sums.Flush();
        }

        private void Accept(RecordedEvent recorded, Accepted accepted)
        {
            var header = accepted.Content;
            var delivery = new OpenDelivery(
                (long)header.Precedence, header.Exercise ? 1 : 0, RowText.Ticks(accepted.AcceptedAt) ?? 0, CopyRow.Starts(header) == CopyClock.UntilOpened, false);
            Count(recorded, delivery, TrafficCount.Accepted);
            foreach (var recipient in accepted.Recipients) _open.Put(header.MessageId, recipient, delivery);
        }

        private void Deliver(RecordedEvent recorded, string messageId, string bureau)
        {
            if (_open.Find(messageId, bureau) is not { Delivered: false } delivery) return;
            Count(recorded, delivery, TrafficCount.Delivered);
            var at = RowText.Ticks(recorded.RecordedAt);
            _sums.Measure(at, delivery.Precedence, delivery.Exercise, TimeSpan.FromTicks(at - delivery.Since));
            if (delivery.UntilOpened) _open.Put(messageId, bureau, delivery with { Delivered = true });
            else _open.End(messageId, bureau);
        }

        private void EndDelivered(string messageId, string bureau)
        {
            if (_open.Find(messageId, bureau) is { Delivered: true }) _open.End(messageId, bureau);
        }

        private void End(RecordedEvent recorded, string messageId, string bureau, TrafficCount count)
        {
            if (_open.Find(messageId, bureau) is not { } delivery) return;
            if (!delivery.Delivered) Count(recorded, delivery, count);
            _open.End(messageId, bureau);
        }

        private void Quarantine(RecordedEvent recorded, V1.Quarantined e)
        {
            if (_open.Find(e.MessageId, e.Recipient) is { Delivered: false } delivery) Count(recorded, delivery, TrafficCount.Quarantined);
        }

        private void Escalate(RecordedEvent recorded, Escalated e)
        {
            if (_open.Find(e.MessageId, e.Recipient) is { } delivery) Count(recorded, delivery, TrafficCount.Escalated);
        }

        // What was delivered is open as before: until it is opened.
        private void Redirect(RecordedEvent recorded, Redirected e)
        {
            var left = _open.Find(e.MessageId, e.Recipient);
            var delivery = new OpenDelivery((long)e.Precedence, left?.Exercise ?? 0, RowText.Ticks(e.At) ?? 0, left?.UntilOpened ?? false, false);
            Count(recorded, delivery, TrafficCount.Redirected);
            if (left is { Delivered: false }) _open.End(e.MessageId, e.Recipient);
            _open.Put(e.MessageId, e.To, delivery);
        }

        private void Count(RecordedEvent recorded, OpenDelivery delivery, TrafficCount count) =>
            _sums.Count(RowText.Ticks(recorded.RecordedAt), delivery.Precedence, delivery.Exercise, count);
    }
}
