using MessageBackbone.Cli.Running;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Faults.Controls;
using MessageBackbone.Fixtures;
using MessageBackbone.Node.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Faults.Programs;

/// <summary>A node as `backbone node` runs it, whose clock, disk and flush the runner can break, and without one protection where a control run wants that.</summary>
internal static class NodeProgram
{
    public const string Name = "node";

    public static async Task<int> RunAsync(string config, string control)
    {
        var (clock, faults, held) = (new ShiftedClock(), new SqliteFaultPoints(), new HeldWrites());
        using var logs = ServiceLogs.Create(configurationFile: null);
        var engines = new NodeEngines
        {
            // A server's disk is its own: it is the server's process that is broken there.
            OpenLog = async (options, time, factory, stop) => options.EventStore.Length > 0
                ? await new NodeEngines().OpenLog(options, time, factory, stop)
                : await SqliteEventLog.OpenAsync(
                    new SqliteEventLogOptions { Folder = options.DataFolder, FaultPoints = faults }, time, factory.CreateLogger<SqliteEventLog>()),
        };
        await using var node = await NodeHost.StartAsync(NodeConfiguration.Load(config), clock, logs, NodeControls.Apply(control, engines, held), CancellationToken.None);
        await new Orders(clock)
            .On(Orders.DiskFull, _ => FillAsync(faults))
            .On(Orders.DiskFree, _ =>
            {
                faults.MaxPages = null;
                return Task.CompletedTask;
            })
            .On(Orders.FlushFails, when => FailOnceAsync(faults, when))
            .On(Orders.Write, _ => held.WriteAsync())
            .ServeAsync(node.GrpcAddress);
        return 0;
    }

    // The limit is read when the writer opens its connection, which it does after a fault: so the disk gives one error first.
    private static Task FillAsync(SqliteFaultPoints faults)
    {
        faults.MaxPages = 1;
        return FailOnceAsync(faults, "before");
    }

    private static Task FailOnceAsync(SqliteFaultPoints faults, string when)
    {
        if (when == "before") faults.BeforeCommit = Once(() => faults.BeforeCommit = static () => { });
        else faults.AfterCommit = Once(() => faults.AfterCommit = static () => { });
        return Task.CompletedTask;
    }

    private static Action Once(Action forget) => () =>
    {
        forget();
        throw new IOException("The disk gives an error.");
    };
}
