using MessageBackbone.EventLog.EventStoreDb;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>A log of its own in a server that may hold others: empty, whatever they hold.</summary>
internal sealed class SpaceOfAServer(string connectionString) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("event-log-").FullName;

    public EventStoreDbOptions Options { get; } = new() { ConnectionString = connectionString, Folder = "", Space = $"t{Guid.NewGuid():N}"[..32] };

    public ValueTask<EventStoreDbEventLog> OpenAsync()
    {
        Options.Folder = _folder;
        return EventStoreDbEventLog.OpenAsync(Options, TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
