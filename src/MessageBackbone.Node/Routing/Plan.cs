using MessageBackbone.EventLog;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Node.Routing;

/// <summary>Routing's own table: every delivery that is not final, numbered per lane in log order.</summary>
/// <remarks>Derived from the log: delete the file, and the next start makes the same rows with the same numbers again. Rows and checkpoint are committed
/// together. Changes return when committed; reads see the last commit. Safe for concurrent use.</remarks>
internal sealed class Plan : IAsyncDisposable
{
    private readonly PlanWriter _writer;
    private readonly PlanReaders _readers;

    private Plan(PlanWriter writer, PlanReaders readers, PlanCheckpoint? checkpoint)
    {
        _writer = writer;
        _readers = readers;
        Checkpoint = checkpoint;
        Ask = new PlanQueries(readers);
        Quarantine = new PlanQuarantine(readers);
    }

    /// <summary>Questions to the plan.</summary>
    public PlanQueries Ask { get; }

    /// <summary>Questions about what is quarantined.</summary>
    public PlanQuarantine Quarantine { get; }

    /// <summary>The last event applied; null: none yet.</summary>
    public PlanCheckpoint? Checkpoint { get; private set; }

    /// <summary>Set whenever a row may have become publishable.</summary>
    public Signal Waiting { get; } = new();

    /// <summary>Set whenever the next deadline may be another.</summary>
    public Signal Deadlines { get; } = new();

    /// <summary>Set whenever a report may have become owed, or one is owed no more.</summary>
    public Signal Reports { get; } = new();

    /// <summary>Set whenever an order to recall may have come, or something that one led to was read back.</summary>
    public Signal Recalls { get; } = new();

    /// <summary>Set whenever there may be something to end because its recipient was closed.</summary>
    public Signal Closings { get; } = new();

    /// <exception cref="PlanOpenException">The file is no plan, or was written by a newer version.</exception>
    public static Plan Open(string file)
    {
        var session = PlanSession.Open(file, readOnly: false);
        try
        {
            Prepare(session, file);
            return new Plan(new PlanWriter(session), new PlanReaders(file), Stored(session));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The log's steps after <see cref="Checkpoint"/> up to <paramref name="checkpoint"/>, in log order, with it, in one transaction.</summary>
    /// <remarks>Where the file is further than <see cref="Checkpoint"/> says, nothing is applied and <see cref="Checkpoint"/> is set right: a commit that was
    /// told as failed is there all the same, and applied again its rows would be there twice.</remarks>
    public async Task ApplyAsync(IReadOnlyList<PlanStep> steps, PlanCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var known = Checkpoint;
        Checkpoint = await _writer.WriteAsync(session =>
        {
            if (Stored(session) is { } stored && stored != known) return stored;
            foreach (var step in steps) PlanSteps.Apply(session, step);
            session.Execute("insert into checkpoint values (1, $1, $2) on conflict (id) do update set position = $1, event_id = $2",
                (long)checkpoint.Position.Value, Bytes(checkpoint.EventId));
            return checkpoint;
        }, cancellationToken);
    }

    /// <summary>Notes that whatever is open now may have been presented by a node whose plan is lost.</summary>
    public Task MarkAllDoubtfulAsync(CancellationToken cancellationToken) =>
        _writer.WriteAsync(session => session.Execute("update row set doubtful = 1 where doubtful = 0"), cancellationToken);

    /// <summary>Marks rows as confirmed by the broker.</summary>
    public Task MarkPublishedAsync(IReadOnlyList<PlanRow> rows, CancellationToken cancellationToken) =>
        _writer.WriteAsync(session =>
        {
            foreach (var row in rows)
                session.Execute("update row set published = 1, not_before = 0 where recipient = $1 and precedence = $2 and sequence = $3 and waits = 0",
                    row.Lane.Bureau, (long)row.Lane.Precedence, (long)row.Sequence);
            return true;
        }, cancellationToken);

    /// <summary>The broker no longer holds these: they are published again, not before <paramref name="notBefore"/>.</summary>
    public async Task UnmarkAsync(LaneKey lane, IReadOnlyCollection<ulong> sequences, DateTimeOffset? notBefore, CancellationToken cancellationToken)
    {
        if (sequences.Count == 0) return;
        await _writer.WriteAsync(session =>
        {
            foreach (var sequence in sequences)
                session.Execute(
                    "update row set published = 0, not_before = $4 where recipient = $1 and precedence = $2 and sequence = $3",
                    lane.Bureau, (long)lane.Precedence, (long)sequence, notBefore?.ToUnixTimeMilliseconds() ?? 0);
            return true;
        }, cancellationToken);
        Waiting.Set();
    }

    /// <summary>The broker seems to have lost the open rows of a lane from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    public async Task UnmarkRangeAsync(LaneKey lane, ulong from, ulong to, CancellationToken cancellationToken)
    {
        await _writer.WriteAsync(session => session.Execute(
            "update row set published = 0 where recipient = $1 and precedence = $2 and published = 1 and sequence >= $3 and sequence < $4",
            lane.Bureau, (long)lane.Precedence, (long)from, (long)to), cancellationToken);
        Waiting.Set();
    }

    /// <summary>The broker no longer holds anything of a lane but <paramref name="except"/>.</summary>
    public async Task<int> UnmarkLaneAsync(LaneKey lane, IReadOnlyCollection<ulong> except, CancellationToken cancellationToken)
    {
        var changed = await _writer.WriteAsync(session => session.Execute(
            "update row set published = 0 where recipient = $1 and precedence = $2 and published = 1"
            + " and sequence not in (select value from json_each($3))",
            lane.Bureau, (long)lane.Precedence, Json(except)), cancellationToken);
        Waiting.Set();
        return changed;
    }

    /// <summary>The broker lost everything.</summary>
    public async Task<int> UnmarkAllAsync(CancellationToken cancellationToken)
    {
        var changed = await _writer.WriteAsync(session => session.Execute("update row set published = 0 where published = 1"), cancellationToken);
        Waiting.Set();
        return changed;
    }

    /// <summary>Counts an attempt before anything leaves for the gateway, so that no crash can hide a presentation; null: the delivery is final, kept
    /// apart or behind one that is, recalled, or its time has passed.</summary>
    public Task<Presentation?> PresentAsync(LaneKey lane, ulong sequence, DateTimeOffset now, CancellationToken cancellationToken) =>
        _writer.WriteAsync(session => PlanSteps.Present(session, lane, sequence, now), cancellationToken);

    /// <summary>Nobody is left to get this report: it is owed no more. A plan that is made again owes it again, until its maker finds the same.</summary>
    public Task ForgetReportAsync(OwedReport report, CancellationToken cancellationToken) =>
        _writer.WriteAsync(session => session.Execute("delete from report where event_id = $1", Bytes(report.EventId)), cancellationToken);

    /// <summary>Takes the attendance of a bureau for this node; the returned epoch is higher than any before.</summary>
    public Task<long> AttendAsync(string bureau, string node, CancellationToken cancellationToken) =>
        _writer.WriteAsync(session => session.First(
            "insert into attendance values ($1, $2, 1) on conflict (bureau) do update set node = $2, epoch = epoch + 1 returning epoch",
            reader => reader.GetInt64(0), bureau, node), cancellationToken);

    /// <summary>Keeps the name of the broker's present incarnation.</summary>
    public Task SetIncarnationAsync(Guid incarnation, CancellationToken cancellationToken) =>
        _writer.WriteAsync(session => session.Execute(
            "insert into incarnation values (1, $1) on conflict (id) do update set guid = $1", Bytes(incarnation)), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _readers.Dispose();
    }

    private static void Prepare(PlanSession session, string file)
    {
        var application = session.Number("pragma application_id");
        var version = session.Number("pragma user_version");
        // What an older version wrote lacks what this one plans by; the log has it.
        var older = application == PlanSchema.ApplicationId && version is > 0 and < PlanSchema.Version;
        if (older || (application == 0 && version == 0 && session.Number("select count(*) from sqlite_master") == 0))
        {
            var tables = session.All("select name from sqlite_master where type = 'table'", reader => reader.GetString(0));
            session.Run($"begin; {string.Concat(tables.Select(table => $"drop table \"{table}\"; "))}{PlanSchema.Create} "
                + $"pragma application_id = {PlanSchema.ApplicationId}; pragma user_version = {PlanSchema.Version}; commit;");
            return;
        }
        if (application != PlanSchema.ApplicationId || version != PlanSchema.Version)
            throw new PlanOpenException($"{file} is no plan of this version. Move it away: the plan is made again from the log.");
    }

    private static PlanCheckpoint? Stored(PlanSession session) => session.First("select position, event_id from checkpoint",
        reader => new PlanCheckpoint(new LogPosition((ulong)reader.GetInt64(0)), Id(reader, 1)));

    private static string Json(IReadOnlyCollection<ulong> sequences) => $"[{string.Join(',', sequences)}]";

    internal static byte[] Bytes(Guid id) => id.ToByteArray(bigEndian: true);

    internal static Guid Id(SqliteDataReader reader, int column) => new(reader.GetFieldValue<byte[]>(column), bigEndian: true);
}

/// <summary>The plan cannot be used as it lies there. The message says what to do.</summary>
internal sealed class PlanOpenException(string message) : Exception(message);
