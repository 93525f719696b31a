using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.EventLog.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.EventLog.Tests.Sqlite;

public sealed class SqliteEventLogTests : EventLogContract<SqliteEventLog>
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IEventLog> OpenAsync() => await _folder.OpenLogAsync();

    protected override ValueTask RemoveAsync()
    {
        _folder.Dispose();
        return default;
    }
}

/// <summary>A folder of its own for each test, and the log in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("event-log-").FullName;

    public string Log => Path.Combine(Root, "log");

    public string Database => Path.Combine(Log, "events.db");

    public ValueTask<SqliteEventLog> OpenLogAsync(SqliteFaultPoints? faults = null, Action<SqliteEventLogOptions>? configure = null)
    {
        var options = new SqliteEventLogOptions { Folder = Log, FaultPoints = faults ?? new() };
        configure?.Invoke(options);
        return SqliteEventLog.OpenAsync(options, TimeProvider.System, NullLogger.Instance);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
