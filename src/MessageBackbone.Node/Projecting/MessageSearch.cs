using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>A message that an index leads to.</summary>
/// <param name="Fits">It meets every condition of the filter.</param>
internal readonly record struct Candidate(long AcceptedAt, long Position, bool Fits);

/// <summary>One search: the index that leads to the fewest messages, and the conditions that are asked of each of them.</summary>
/// <remarks>A source is one or more stretches of indexes that are in the order of pages, merged by the engine as they are read; what is not read costs
/// nothing. A message can come more than once in a row: for each copy that led to it.</remarks>
internal sealed class MessageSearch
{
    /// <summary>How many candidates each source is asked for to find out which leads to the fewest.</summary>
    private const int Probed = 2_000;

    private static readonly long[] Precedences = [.. Enum.GetValues<Precedence>().Select(precedence => (long)precedence)];

    private readonly List<object> _values = [];
    private readonly List<IReadOnlyList<Stretch>> _sources = [];
    private readonly string _from, _at, _place;
    private readonly string _ofMessage, _ofCopy, _ofCopies;

    public MessageSearch(MessageFilter filter, MessagePlace? before)
    {
        var end = Earlier(before, filter.AcceptedBefore);
        (_from, _at, _place) = (Value(filter.AcceptedFrom is { } from ? RowText.Ticks(from) : long.MinValue), Value(end.AcceptedAtTicks), Value(end.Position));
        var asked = filter.State is not null || filter.Late is not null;
        var holder = filter.Recipient ?? (asked ? filter.Bureau : null);
        _ofMessage = All(OfMessage(filter, holder));
        _ofCopy = All(OfCopy(filter));
        _ofCopies = (holder, asked) switch
        {
            ({ } bureau, _) => $"EXISTS (SELECT 1 FROM copy c WHERE c.bureau = {Value(bureau)} AND {SameMessage("c")} AND {_ofCopy})",
            (null, true) => $"EXISTS (SELECT 1 FROM json_each(m.bureaus) b CROSS JOIN copy c WHERE c.bureau = b.value AND {SameMessage("c")} AND {_ofCopy})",
            _ => "1",
        };
        AddSources(filter, holder);
    }

    /// <summary>The candidates, the newest first, until <paramref name="take"/> wants no more.</summary>
    public void Read(ReadModelSession session, Func<Candidate, bool> take)
    {
        var source = _sources.Count == 1 ? _sources[0] : _sources.MinBy(stretches => Reach(session, stretches))!;
        var arms = source.Select(s => $"SELECT {s.Alias}.accepted_at, {s.Alias}.{s.Place}, {s.Fits} FROM {s.Rows}");
        var statement = Bind(session.Prepare($"{string.Join(" UNION ALL ", arms)} ORDER BY 1 DESC, 2 DESC"));
        try
        {
            while (statement.Step())
                if (!take(new(statement.Number(0), statement.Number(1), statement.Number(2) == 1))) break;
        }
        finally
        {
            statement.Reset();
        }
    }

    // The fewest first; of those with more than were asked for, the one that gets furthest back with them.
    private (long Count, long Back) Reach(ReadModelSession session, IReadOnlyList<Stretch> stretches)
    {
        var arms = stretches.Select(s => $"SELECT {s.Alias}.accepted_at AS at FROM {s.Rows}");
        return Bind(session.Prepare($"SELECT count(*), min(at) FROM ({string.Join(" UNION ALL ", arms)} ORDER BY at DESC LIMIT {Probed})"))
            .All(row => (row.Number(0), row.NumberOrNull(1) ?? 0)).Single();
    }

    private Statement Bind(Statement statement)
    {
        for (var i = 1; i <= Math.Min(statement.Parameters, _values.Count); i++)
            _ = _values[i - 1] switch
            {
                string text => statement.Bind(i, text),
                byte[] bytes => statement.Bind(i, bytes),
                var number => statement.Bind(i, (long)number),
            };
        return statement;
    }

    private static MessagePlace Earlier(MessagePlace? place, DateTimeOffset? before)
    {
        var end = place ?? new(long.MaxValue, long.MaxValue);
        return before is { } time && RowText.Ticks(time) <= end.AcceptedAtTicks ? new(RowText.Ticks(time), 0) : end;
    }

    private IEnumerable<string> OfMessage(MessageFilter filter, string? holder)
    {
        if (filter.MessageId is { } id) yield return $"m.id = {Value(RowText.Id(id) ?? [])}";
        if (filter.Reference is { } reference) yield return $"m.reference = {Value(reference)}";
        if (filter.ConversationId is { } conversation) yield return $"m.conversation = {Value(conversation)}";
        if (filter.Sender is { } sender) yield return $"m.sender = {Value(sender)}";
        if (filter.Kind is { } kind) yield return $"m.kind = {Value(kind)}";
        if (filter.Topic is { } topic) yield return $"m.topic = {Value(topic)}";
        if (filter.Precedence is { } precedence) yield return $"m.precedence = {Value((long)precedence)}";
        if (filter.Exercise is { } exercise) yield return $"m.exercise = {(exercise ? 1 : 0)}";
        if (filter.Bureau is { } bureau && bureau != holder)
            yield return $"(m.sender = {Value(bureau)} OR EXISTS (SELECT 1 FROM copy o WHERE o.bureau = {Value(bureau)} AND {SameMessage("o")}))";
    }

    private IEnumerable<string> OfCopy(MessageFilter filter)
    {
        if (filter.State is { } state) yield return $"c.state = {Value((long)state)}";
        if (filter.Late is { } late) yield return $"c.late = {(late ? 1 : 0)}";
    }

    private void AddSources(MessageFilter filter, string? holder)
    {
        if (filter.MessageId is { } id) Add(Messages("message_by_id", $"m.id = {Value(RowText.Id(id) ?? [])}"));
        if (filter.Reference is { } reference) Add(Messages("message_by_reference", $"m.reference = {Value(reference)}"));
        if (filter.ConversationId is { } conversation) Add(Messages("message_by_conversation", $"m.conversation = {Value(conversation)}"));
        AddSourcesOfCopies(filter, holder);
        if (filter.Bureau is { } bureau && holder is null)
            Add(Messages("message_by_sender", $"m.sender = {Value(bureau)}"), Copies("", $"c.bureau = {Value(bureau)}"));
        if (filter.Sender is { } sender) Add(Messages("message_by_sender", $"m.sender = {Value(sender)}"));
        if (filter.Topic is { } topic) Add(Messages("message_by_topic", $"m.topic = {Value(topic)}"));
        if (filter.Kind is { } kind) Add(Messages("message_by_kind", $"m.kind = {Value(kind)}"));
        if (filter.Precedence is { } precedence) Add(Messages("message_by_precedence", $"m.precedence = {Value((long)precedence)}"));
        if (filter.Exercise == true) Add(Messages("message_exercise", "m.exercise = 1"));
        if (_sources.Count == 0) Add(Messages("message_by_time", "1"));
    }

    private void AddSourcesOfCopies(MessageFilter filter, string? holder)
    {
        var (at, there) = holder is null ? ("", "") : ($"c.bureau = {Value(holder)} AND ", "_at");
        if (filter.State is { } state and not (DeliveryState.Delivered or DeliveryState.Opened))
        {
            var unusual = $"{at}c.state = {Value((long)state)} AND c.state NOT IN ({MessageIndex.Usual}) AND c.precedence = ";
            var precedences = filter.Precedence is { } one ? [(long)one] : Precedences;
            Add([.. precedences.Select(precedence => Copies($"INDEXED BY copy_unusual{there}", $"{unusual}{Value(precedence)}"))]);
        }

        if (filter.Late == true) Add(Copies($"INDEXED BY copy_late{there}", $"{at}c.late = 1"));
        if (holder is not null) Add(Copies("", $"c.bureau = {Value(holder)}"));
    }

    private void Add(params Stretch[] stretches) => _sources.Add(stretches);

    private Stretch Messages(string index, string key) =>
        new("m", "position", $"({_ofMessage}) AND {_ofCopies}", $"message m INDEXED BY {index} WHERE {key} AND {Within("m", "position")}");

    private Stretch Copies(string index, string key)
    {
        var ofMessage = _ofMessage == "1" ? "1" : $"(SELECT {_ofMessage} FROM message m WHERE m.position = c.message)";
        return new("c", "message", $"{_ofCopy} AND {ofMessage}", $"copy c {index} WHERE {key} AND {Within("c", "message")}");
    }

    private string Within(string alias, string place) => $"{alias}.accepted_at >= {_from} AND {alias}.accepted_at <= {_at} "
        + $"AND ({alias}.accepted_at < {_at} OR {alias}.{place} < {_place})";

    private static string SameMessage(string copy) => $"{copy}.accepted_at = m.accepted_at AND {copy}.message = m.position";

    private static string All(IEnumerable<string> conditions) => string.Join(" AND ", conditions) is { Length: > 0 } all ? all : "1";

    private string Value(object value)
    {
        _values.Add(value);
        return $"?{_values.Count}";
    }

    /// <summary>A stretch of an index in the order of pages.</summary>
    /// <param name="Place">The column that holds the message's position.</param>
    /// <param name="Rows">What follows FROM.</param>
    private sealed record Stretch(string Alias, string Place, string Fits, string Rows);
}
