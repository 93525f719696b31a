using System.Text;

namespace MessageBackbone.EventLog.Sqlite;

/// <summary>The reads on one connection, a page at a time. No statement stays open between pages, so no read holds back the WAL.</summary>
internal sealed class EventReader : IDisposable
{
    private const int MaxKnownTypes = 256;
    private readonly SqliteSession _session;
    private readonly SqliteStatement _all;
    private readonly SqliteStatement _stream;
    private readonly SqliteStatement _at;
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _typesByText;

    public EventReader(SqliteSession session)
    {
        _session = session;
        _all = session.Prepare(Sql.ReadAll);
        _stream = session.Prepare(Sql.ReadStream);
        _at = session.Prepare(Sql.ReadAt);
        _typesByText = _types.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public List<RecordedEvent> All(long after, long end, int maxEvents, int maxBytes) =>
        Page(_all.Bind(1, after).Bind(2, end).Bind(3, maxEvents), maxEvents, maxBytes);

    public List<RecordedEvent> Stream(StreamId stream, ulong from, int maxEvents, int maxBytes) =>
        Page(_stream.BindName(1, stream.Value).Bind(2, (long)from).Bind(3, maxEvents), maxEvents, maxBytes);

    public RecordedEvent? At(long position) => Page(_at.Bind(1, position), 1, int.MaxValue) is [var only] ? only : null;

    public void Dispose() => _session.Dispose();

    private List<RecordedEvent> Page(SqliteStatement rows, int maxEvents, int maxBytes)
    {
        var page = new List<RecordedEvent>(Math.Min(maxEvents, 64));
        var bytes = 0L;
        try
        {
            while (bytes < maxBytes && rows.Step())
            {
                var e = Read(rows);
                bytes += e.Data.Length + e.Metadata.Length;
                page.Add(e);
            }

            return page;
        }
        finally
        {
            rows.Reset();
        }
    }

    private RecordedEvent Read(SqliteStatement row)
    {
        var data = row.Bytes(6);
        var metadata = row.Bytes(7);
        var memory = new byte[data.Length + metadata.Length];
        data.CopyTo(memory);
        metadata.CopyTo(memory.AsSpan(data.Length));
        return new(
            new((ulong)row.Number(0)), new(Encoding.ASCII.GetString(row.Bytes(1))), new((ulong)row.Number(2)), new(row.Bytes(3), bigEndian: true),
            Type(row.Bytes(4)), memory.AsMemory(0, data.Length), memory.AsMemory(data.Length), new(row.Number(5), TimeSpan.Zero))
        {
            EndsAppend = row.Number(8) is Sql.Whole or Sql.Last,
        };
    }

    // There are a few dozen types and millions of events: one string a type.
    private string Type(ReadOnlySpan<byte> ascii)
    {
        Span<char> text = stackalloc char[ascii.Length];
        Encoding.ASCII.GetChars(ascii, text);
        if (_typesByText.TryGetValue(text, out var known)) return known;
        var type = new string(text);
        if (_types.Count < MaxKnownTypes) _types.Add(type, type);
        return type;
    }
}
