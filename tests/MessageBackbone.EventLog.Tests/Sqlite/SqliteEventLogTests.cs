using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.EventLog.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.EventLog.Tests.Sqlite;

public sealed class SqliteEventLogTests : EventLogContract
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IEventLog> OpenAsync() =>
        await SqliteEventLog.OpenAsync(new() { Folder = _folder.Path }, TimeProvider.System, NullLogger.Instance);

    protected override ValueTask RemoveAsync()
    {
        _folder.Dispose();
        return default;
    }
}

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("event-log-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
