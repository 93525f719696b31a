using MessageBackbone.Cli.Running;
using MessageBackbone.Faults.Controls;
using MessageBackbone.Fixtures;
using MessageBackbone.Gateway;
using MessageBackbone.Gateway.Storing;

namespace MessageBackbone.Faults.Programs;

/// <summary>A gateway as `backbone gateway` runs it, whose clock and disk the runner can break.</summary>
internal static class GatewayProgram
{
    public const string Name = "gateway";

    public static async Task<int> RunAsync(string config, string control)
    {
        var (clock, held) = (new ShiftedClock(), new HeldWrites());
        using var logs = ServiceLogs.Create(configurationFile: null);
        GatewayDatabase? database = null;
        var options = GatewayConfiguration.Load(config);
        var stores = GatewayControls.Apply(control, options, held, clock);
        var seen = stores with { Inbox = opened => stores.Inbox(database = opened) };
        await using var gateway = await GatewayHost.StartAsync(options, clock, logs, seen, CancellationToken.None);
        await new Orders(clock)
            // Lower than what it has: SQLite then keeps it as large as it is.
            .On(Orders.DiskFull, _ => ExecuteAsync(database!, "PRAGMA max_page_count = 1"))
            .On(Orders.DiskFree, _ => ExecuteAsync(database!, "PRAGMA max_page_count = 4294967294"))
            .On(Orders.Write, _ => held.WriteAsync())
            .ServeAsync(gateway.LocalAddress);
        return 0;
    }

    private static Task<int> ExecuteAsync(GatewayDatabase database, string pragma) =>
        database.WriteAsync(session => session.Execute(pragma), CancellationToken.None);
}
