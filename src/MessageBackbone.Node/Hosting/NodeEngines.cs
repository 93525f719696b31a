using MessageBackbone.EventLog;
using MessageBackbone.EventLog.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Hosting;

/// <summary>The engines behind a node's ports. As it is made here: the embedded ones, and the transport that the options name.</summary>
internal sealed record NodeEngines
{
    /// <summary>Opens the log that lies in a folder; the node closes it.</summary>
    public Func<string, TimeProvider, ILoggerFactory, ValueTask<IEventLog>> OpenLog { get; init; } = static async (folder, clock, logs) =>
        await SqliteEventLog.OpenAsync(new SqliteEventLogOptions { Folder = folder }, clock, logs.CreateLogger<SqliteEventLog>());

    /// <summary>Called when every room has added itself: what it puts there stands in the place of what was.</summary>
    public Action<IServiceCollection> Replace { get; init; } = static _ => { };
}
