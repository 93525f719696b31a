using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Benching;

/// <summary>Fills a log with the events of many messages, as a month of a house with 200 bureaus leaves them: the same for the same seed. What is signed is left
/// out; everything that a read model reads is there.</summary>
/// <remarks>As many copies as are asked for still wait, one message in fifty is an exercise, and up to five make a conversation. The events lie in streams of the bench: a node on
/// such a log shows it, and could not go on from it.</remarks>
internal sealed class DashboardHistory(IEventLog log, int messages, int waitingPercent, int seed)
{
    public static readonly DateTimeOffset Start = new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>From the first acceptance to the last.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromDays(30);

    /// <summary>Codes of bureaus.</summary>
    public static readonly IReadOnlyList<string> Bureaus = [.. Enumerable.Range(0, 200).Select(i => $"{(char)('A' + (i / 26))}{(char)('A' + (i % 26))}")];

    // Whole messages fill an append together; more of its callers do not write faster.
    private const int BatchEvents = 1_000;

    private static readonly string[] Kinds = ["text", "text", "text", "request", "answer", "indicators.stix", "clarification"];

    private readonly Random _random = new(seed);
    private readonly List<NewEvent> _batch = [];
    private readonly Dictionary<string, int> _references = new(StringComparer.Ordinal);
    private (string Conversation, string Last, int Left) _talk;
    private int _appends;

    /// <param name="waitingPercent">Copies that nobody received yet, 0 to 100.</param>
    public static async Task FillAsync(IEventLog log, int messages, int waitingPercent, int seed, CancellationToken stop) =>
        await new DashboardHistory(log, messages, waitingPercent, seed).FillAsync(stop);

    /// <summary>Goes on as the history does, now and at a steady rate, for so long; returns how many messages it came to.</summary>
    public static async Task<int> GoOnAsync(IEventLog log, int perSecond, TimeSpan length, int seed, TimeProvider clock, CancellationToken stop)
    {
        var history = new DashboardHistory(log, 0, 1, seed);
        var (began, made) = (clock.GetTimestamp(), 0);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), clock);
        while (clock.GetElapsedTime(began) is var passed && passed < length)
        {
            // What is due by now, so that a late tick is made up for.
            for (var due = (int)(passed.TotalSeconds * perSecond); made < due; made++)
            {
                history.Add(clock.GetUtcNow());
                if (history._batch.Count >= BatchEvents) await history.AppendAsync(stop);
            }

            if (history._batch.Count > 0) await history.AppendAsync(stop);
            await timer.WaitForNextTickAsync(stop);
        }

        return made;
    }

    private async Task FillAsync(CancellationToken stop)
    {
        for (var i = 0; i < messages; i++)
        {
            Add(Start + (Length * ((double)i / messages)));
            if (_batch.Count >= BatchEvents) await AppendAsync(stop);
        }

        if (_batch.Count > 0) await AppendAsync(stop);
    }

    private async Task AppendAsync(CancellationToken stop)
    {
        var outcome = await log.AppendAsync(new StreamId($"bench-{seed}-{_appends++}"), ExpectedRevision.NoStream, _batch, stop);
        if (outcome is not AppendOutcome.Appended) throw new InvalidOperationException($"An append to a new stream was answered with {outcome}.");
        _batch.Clear();
    }

    private void Add(DateTimeOffset at)
    {
        var header = Header(at);
        Event(at, new Accepted
        {
            Content = header,
            HeaderSha256 = header.BodySha256,
            AcceptedAt = at.ToTimestamp(),
            Node = "bench",
            Recipients = { header.To },
        });
        foreach (var bureau in header.To)
        {
            if (_random.Next(100) < waitingPercent) continue;
            var delivered = at + TimeSpan.FromMilliseconds(20 * Math.Exp(6 * _random.NextDouble()));
            Event(delivered, new Attempted
            {
                MessageId = header.MessageId,
                Recipient = bureau,
                Attempt = 1,
                Sequence = (ulong)_appends + 1,
                PresentedAt = at.ToTimestamp(),
                Node = "bench",
                EndedBy = "receipt",
            });
            Event(delivered, new Delivered { MessageId = header.MessageId, Recipient = bureau, Receipt = ByteString.CopyFrom(new byte[300]), At = delivered.ToTimestamp() });
        }
    }

    private MessageHeader Header(DateTimeOffset at)
    {
        var (id, sender) = (Id(at), _random.Next(Bureaus.Count));
        var from = Bureaus[sender];
        if (_talk.Left == 0) _talk = (id, "", _random.Next(1, 6));
        var number = _references[from] = _references.GetValueOrDefault(from) + 1;
        var header = new MessageHeader
        {
            MessageId = id,
            From = from,
            To = { Bureaus[(sender + _random.Next(1, Bureaus.Count)) % Bureaus.Count] },
            Precedence = _random.Next(100) switch { < 2 => Precedence.Flash, < 10 => Precedence.Immediate, < 35 => Precedence.Priority, _ => Precedence.Routine },
            Kind = _random.Next(1_000) == 0 ? "alert.cap" : Kinds[_random.Next(Kinds.Length)],
            ConversationId = _talk.Conversation,
            InReplyTo = _talk.Last,
            Reference = $"{from}-2026-{number:D6}",
            CreatedAt = (at - TimeSpan.FromSeconds(1)).ToTimestamp(),
            Handling = new Handling { Classification = Classification.Restricted, Purpose = Purpose.Alert },
            BodyForm = BodyForm.Sealed,
            BodySha256 = ByteString.CopyFrom(new byte[32]),
            BodySize = (ulong)_random.Next(500, 50_000),
            Topic = _random.Next(20) == 0 ? $"topic-{_random.Next(10)}" : "",
            Exercise = _random.Next(50) == 0,
        };
        _talk = (_talk.Conversation, id, _talk.Left - 1);
        return header;
    }

    private void Event(DateTimeOffset at, IMessage @event) =>
        _batch.Add(new NewEvent(new Guid(Bytes()), EventTypes.NameOf(@event), @event.ToByteArray(), ReadOnlyMemory<byte>.Empty, at));

    // A UUIDv7, as senders choose theirs.
    private string Id(DateTimeOffset at)
    {
        var bytes = Bytes();
        for (var i = 0; i < 6; i++) bytes[i] = (byte)(at.ToUnixTimeMilliseconds() >> (8 * (5 - i)));
        (bytes[6], bytes[8]) = ((byte)(0x70 | (bytes[6] & 0x0F)), (byte)(0x80 | (bytes[8] & 0x3F)));
        return new Guid(bytes, bigEndian: true).ToString("D");
    }

    private byte[] Bytes()
    {
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        return bytes;
    }
}
