using System.Globalization;
using MessageBackbone.Faults.Houses;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Faults.Judging;

/// <summary>What a node that runs has still to do, by its own tables: deliveries, reports and notices that are owed, clocks that will have it do more, and what of the log
/// they have not read. When they have read all of it and owe nothing, nothing comes any more by itself.</summary>
/// <param name="withSteps">IMMEDIATE has a service level of seconds: a clock that runs is waited for, until its last step.</param>
internal sealed class Books(House house, bool withSteps)
{
    private const string Clocks = "read-models/clocks.db", Requests = "read-models/requests.db", Plan = "plan.db";

    // Those of bureaus without a gateway wait for ever.
    private readonly (string File, string Query, string Text)[] _owed =
    [
        (Plan, $"select count(*) from row where recipient in ({string.Join(", ", house.Gateways.Select(bureau => $"'{bureau}'"))})", "deliveries to make"),
        // What has no time of its own ends months from now.
        (Plan, "select count(*) from row where deliver_by between 1 and (unixepoch() + 3600) * 1000", "deliveries that expire"),
        (Plan, "select count(*) from row where recalled_by > 0", "deliveries to stop"),
        (Plan, "select count(*) from report", "reports to make"),
        (Plan, "select count(*) from recall", "orders to recall to carry out"),
        (Clocks, "select count(*) from notice", "notices of late deliveries to make"),
        (Clocks, withSteps ? "select count(*) from clock where precedence = 3 and step < 4" : "select 0", "late deliveries with more steps to come"),
        (Requests, "select count(*) from turn", "turns of requests to record"),
        (Requests, "select count(*) from notice", "notices of requests to make"),
    ];

    /// <summary>What is open, in words; the sum changes as long as anything moves.</summary>
    public async Task<(string Sum, IReadOnlyList<Unfinished> Open)> ReadAsync(CancellationToken cancellationToken)
    {
        var (open, sum) = (new List<Unfinished>(), "");
        try
        {
            foreach (var (file, query, text) in _owed)
            {
                var count = await AskAsync(file, query, cancellationToken);
                sum += $"{count} ";
                if (count > 0) open.Add(new Unfinished("", $"the node has {count} {text}"));
            }
            // Asked last: what was appended meanwhile is then not read yet.
            var head = house.LogServer is null
                ? await AskAsync("events.db", "select coalesce(max(position), 0) from event", cancellationToken)
                : await house.EndOfServersLogAsync(cancellationToken);
            sum += $"{head} ";
            foreach (var file in (string[])[Plan, Clocks, Requests])
                if (await AskAsync(file, "select position from checkpoint", cancellationToken) is var read && read != head)
                    open.Add(new Unfinished("", $"the node's {Path.GetFileNameWithoutExtension(file)} has read the log up to {read} of {head}"));
        }
        catch (SqliteException fault)
        {
            open.Add(new Unfinished("", $"the node's tables cannot be read: {fault.Message}"));
        }
        return (sum, open);
    }

    /// <summary>Deliveries that are quarantined, in the order of the log.</summary>
    public async Task<IReadOnlyList<(string Id, string Bureau, string Conversation)>> QuarantinedAsync(CancellationToken cancellationToken)
    {
        await using var database = await OpenAsync(Plan, cancellationToken);
        await using var command = database.CreateCommand();
        command.CommandText = "select message_id, recipient, conversation from row where quarantined_at > 0 order by position";
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<(string, string, string)>();
        while (await rows.ReadAsync(cancellationToken)) found.Add((Id(rows, 0), rows.GetString(1), await rows.IsDBNullAsync(2, cancellationToken) ? "" : Id(rows, 2)));
        return found;
    }

    private static string Id(SqliteDataReader rows, int column) => new Guid(rows.GetFieldValue<byte[]>(column), bigEndian: true).ToString("D");

    private async Task<long> AskAsync(string file, string query, CancellationToken cancellationToken)
    {
        await using var database = await OpenAsync(file, cancellationToken);
        await using var command = database.CreateCommand();
#pragma warning disable CA2100 // this file's own texts
        command.CommandText = query;
#pragma warning restore CA2100
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    private async Task<SqliteConnection> OpenAsync(string file, CancellationToken cancellationToken)
    {
        var database = new SqliteConnection($"Data Source={Path.Combine(house.NodeFolder, file)};Pooling=False;Default Timeout=30");
        await database.OpenAsync(cancellationToken);
        return database;
    }
}
