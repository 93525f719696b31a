using System.Globalization;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Routing;

/// <summary>A delivery that its recipient's gateway keeps apart.</summary>
/// <param name="Row">Its row of the plan.</param>
/// <param name="Conversation">Null: it has none.</param>
/// <param name="Since">As the receipt says.</param>
/// <param name="Reason">As the receipt says.</param>
/// <param name="Behind">Later ones of the conversation that wait.</param>
internal sealed record QuarantinedRow(PlanRow Row, Guid? Conversation, DateTimeOffset Since, string Reason, long Behind);

/// <summary>Where a page of the quarantine ended.</summary>
internal readonly record struct QuarantinePlace(string Bureau, ulong Position)
{
    public static readonly QuarantinePlace Start = new("", 0);

    /// <summary>Null: that text is no place.</summary>
    public static QuarantinePlace? Parse(string text)
    {
        if (text.Length == 0) return Start;
        var at = text.IndexOf('/', StringComparison.Ordinal);
        return at > 0 && long.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? new QuarantinePlace(text[..at], (ulong)position) : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Bureau}/{Position}");
}

/// <summary>Questions about what is quarantined; each reads one page, by indexes that hold nothing else.</summary>
internal sealed class PlanQuarantine(PlanReaders readers)
{
    private const string Columns = $"{PlanSteps.RowColumns}, recipient, precedence, conversation, quarantined_at, quarantined_for, "
        + "(select count(*) from row as behind indexed by row_waits where behind.conversation = row.conversation and behind.recipient = row.recipient "
        + "and behind.waits = 1 and behind.blocks = 0 and behind.position > row.position)";

    /// <summary>By bureau and log order, after <paramref name="after"/>.</summary>
    /// <param name="bureau">Empty: of every bureau.</param>
    public IReadOnlyList<QuarantinedRow> List(string bureau, QuarantinePlace after, int limit) => readers.Read(session => session.All(
        $"select {Columns} from row indexed by row_quarantined where quarantined_at > 0 and (recipient, position) > ($2, $3) and ($1 = '' or recipient = $1) "
        + "order by recipient, position limit $4",
        Read, bureau, after.Bureau, (long)after.Position, (long)limit));

    /// <param name="bureau">Empty: of every bureau.</param>
    public long Count(string bureau) => readers.Read(session => session.First(
        "select count(*) from row indexed by row_quarantined where quarantined_at > 0 and ($1 = '' or recipient = $1)", reader => reader.GetInt64(0), bureau));

    /// <summary>Null: it is not quarantined.</summary>
    public QuarantinedRow? Find(Guid messageId, string bureau) => readers.Read(session => session.First(
        $"select {Columns} from row where message_id = $1 and recipient = $2 and quarantined_at > 0", Read, Plan.Bytes(messageId), bureau));

    /// <summary>What is quarantined of a conversation at a bureau, in log order.</summary>
    public IReadOnlyList<QuarantinedRow> OfConversation(Guid conversation, string bureau, int limit) => readers.Read(session => session.All(
        $"select {Columns} from row indexed by row_blocks where conversation = $1 and recipient = $2 and blocks = 1 and waits = 1 order by position limit $3",
        Read, Plan.Bytes(conversation), bureau, (long)limit));

    /// <summary>How many that are.</summary>
    public long CountOfConversation(Guid conversation, string bureau) => readers.Read(session => session.First(
        "select count(*) from row indexed by row_blocks where conversation = $1 and recipient = $2 and blocks = 1 and waits = 1",
        reader => reader.GetInt64(0), Plan.Bytes(conversation), bureau));

    private static QuarantinedRow Read(Microsoft.Data.Sqlite.SqliteDataReader reader) => new(
        PlanSteps.ReadRow(reader, new LaneKey(reader.GetString(7), (Precedence)reader.GetInt64(8))),
        reader.IsDBNull(9) ? null : Plan.Id(reader, 9), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(10)), reader.GetString(11),
        reader.GetInt64(12));
}
