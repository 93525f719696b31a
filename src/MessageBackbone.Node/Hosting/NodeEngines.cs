using MessageBackbone.EventLog;
using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventLog.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Hosting;

/// <summary>The engines behind a node's ports. As it is made here: the log and the transport that the options name, and the embedded engines for the
/// rest.</summary>
internal sealed record NodeEngines
{
    /// <summary>Opens the log that a node's options name; the node closes it.</summary>
    public Func<NodeOptions, TimeProvider, ILoggerFactory, CancellationToken, ValueTask<IEventLog>> OpenLog { get; init; } = static async (options, clock, logs, stop) =>
        options.EventStore.Length == 0
            ? await SqliteEventLog.OpenAsync(new SqliteEventLogOptions { Folder = options.DataFolder }, clock, logs.CreateLogger<SqliteEventLog>())
            : await EventStoreDbEventLog.OpenAsync(InServer(options), clock, logs.CreateLogger<EventStoreDbEventLog>(), stop);

    /// <summary>Called when every room has added itself: what it puts there stands in the place of what was.</summary>
    public Action<IServiceCollection> Replace { get; init; } = static _ => { };

    private static EventStoreDbOptions InServer(NodeOptions options) =>
        new() { ConnectionString = options.EventStore, Folder = Path.Combine(options.DataFolder, "eventstore") };
}
