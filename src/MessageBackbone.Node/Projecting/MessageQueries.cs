using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>Questions to the read model <c>messages</c>. Each looks at a bounded number of rows, however many there are.</summary>
internal sealed class MessageQueries(ProjectionFollower follower)
{
    /// <summary>So many messages are looked at for one page; then the page says how far back it came, and goes on from there.</summary>
    public const int MostCandidates = 20_000;

    /// <summary>The most messages on a page.</summary>
    public const int MostHits = 500;

    private const string Columns =
        """
        position, id, sender, kind, precedence, reference, conversation, in_reply_to, topic, exercise, classification, created_at, accepted_at, deliver_by,
        body_size, attachments, bureaus
        """;

    /// <summary>A page of what fits, the newest first, from <paramref name="before"/> on (null: from now).</summary>
    public ValueTask<MessagePage> SearchAsync(MessageFilter filter, MessagePlace? before, int limit, CancellationToken cancellationToken) =>
        SearchAsync(filter, before, limit, MostCandidates, cancellationToken);

    /// <param name="candidates">Instead of <see cref="MostCandidates"/>.</param>
    internal ValueTask<MessagePage> SearchAsync(MessageFilter filter, MessagePlace? before, int limit, int candidates, CancellationToken cancellationToken) =>
        follower.File.ReadTogetherAsync(session => Search(session, filter, before, Math.Clamp(limit, 1, MostHits), candidates), cancellationToken);

    /// <summary>Null: no message with this id was accepted, as far as the read model has come.</summary>
    public ValueTask<MessageHit?> FindAsync(string messageId, CancellationToken cancellationToken) => RowText.Id(messageId) is { } id
        ? follower.File.ReadTogetherAsync(session => Hit(session, "id = ?1", statement => statement.Bind(1, id)), cancellationToken)
        : new(default(MessageHit));

    /// <summary>The messages of a conversation in log order, the first <paramref name="limit"/>. With a message's id: also that message and what answers it.</summary>
    public ValueTask<IReadOnlyList<MessageHit>> ConversationAsync(string conversationId, int limit, CancellationToken cancellationToken) =>
        follower.File.ReadTogetherAsync(session => Conversation(session, conversationId, Math.Clamp(limit, 1, MostHits)), cancellationToken);

    private static MessagePage Search(ReadModelSession session, MessageFilter filter, MessagePlace? before, int limit, int candidates)
    {
        var found = new List<MessagePlace>();
        var (looked, bounded, more, last) = (0, false, false, default(MessagePlace));
        new MessageSearch(filter, before).Read(session, candidate =>
        {
            if ((last?.AcceptedAtTicks, last?.Position) != (candidate.AcceptedAt, candidate.Position))
            {
                // Never between two copies of one message: the next page begins after it.
                bounded = looked >= candidates;
                if (bounded) return false;
                last = new(candidate.AcceptedAt, candidate.Position);
            }

            looked++;
            if (!candidate.Fits || (found.Count > 0 && found[^1] == last)) return true;
            more = found.Count == limit;
            if (!more) found.Add(last!);
            return !more;
        });
        var hits = found.Select(place => Hit(session, "position = ?1", statement => statement.Bind(1, place.Position))!).ToList();
        if (more) return new(hits, found[^1], null);
        return bounded ? new(hits, last, found.Count < limit ? RowText.Time(last!.AcceptedAtTicks) : null) : new(hits, null, null);
    }

    private static IReadOnlyList<MessageHit> Conversation(ReadModelSession session, string conversation, int limit)
    {
        // The log's order is that of the times but for the clocks of several nodes, so a long conversation is cut by time and then put in the log's order.
        var positions = session.Prepare(
                $"""
                SELECT position FROM (SELECT position FROM message WHERE conversation = ?1 ORDER BY accepted_at, position LIMIT {MostCandidates})
                UNION SELECT position FROM (SELECT position FROM message WHERE in_reply_to = ?1 ORDER BY accepted_at, position LIMIT {MostCandidates})
                UNION SELECT position FROM message WHERE id = ?2
                ORDER BY 1 LIMIT ?3
                """)
            .Bind(1, conversation).Bind(2, RowText.Id(conversation) ?? []).Bind(3, limit).All(row => row.Number(0));
        return [.. positions.Select(position => Hit(session, "position = ?1", statement => statement.Bind(1, position))!)];
    }

    private static MessageHit? Hit(ReadModelSession session, string key, Func<Statement, Statement> bind) =>
        bind(session.Prepare($"SELECT {Columns} FROM message WHERE {key}")).All(row => (Hit(row), row.Text(16))) is [var (hit, bureaus)]
            ? hit with { Copies = Copies(session, bureaus, RowText.Ticks(hit.AcceptedAt), hit.Position) }
            : null;

    private static MessageHit Hit(Statement row) => new(
        new((ulong)row.Number(0)), RowText.Id(row.Bytes(1)), row.Text(2), row.Text(3), (Precedence)row.Number(4), TextOf(row, 5), TextOf(row, 6), TextOf(row, 7),
        TextOf(row, 8), row.Number(9) == 1, (Classification)row.Number(10), TimeOf(row, 11), RowText.Time(row.Number(12)), TimeOf(row, 13), row.Number(14),
        (int)row.Number(15), []);

    private static List<MessageCopy> Copies(ReadModelSession session, string bureaus, long acceptedAt, LogPosition position) =>
        session.Prepare("SELECT c.bureau, c.state, c.late FROM json_each(?1) b CROSS JOIN copy c "
                + "WHERE c.bureau = b.value AND c.accepted_at = ?2 AND c.message = ?3 ORDER BY c.bureau")
            .Bind(1, bureaus).Bind(2, acceptedAt).Bind(3, (long)position.Value)
            .All(row => new MessageCopy(row.Text(0), (DeliveryState)row.Number(1), row.Number(2) == 1));

    private static string TextOf(Statement row, int column) => row.IsNull(column) ? "" : row.Text(column);

    private static DateTimeOffset? TimeOf(Statement row, int column) => row.NumberOrNull(column) is { } ticks ? RowText.Time(ticks) : null;
}
