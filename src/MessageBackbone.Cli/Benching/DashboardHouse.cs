using System.Net;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Running;
using MessageBackbone.EventLog;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Protocol.Identities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Cli.Benching;

/// <summary>A node in this process on a log full of history, in a folder that is removed afterwards.</summary>
internal sealed class DashboardHouse : IAsyncDisposable
{
    private const int Seed = 1;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backbone-bench-");
    private NodeHost? _node;

    public IServiceProvider Node => _node!.Services;

    public IEventLog Log => Node.GetRequiredService<IEventLog>();

    public double CatchUpSeconds { get; private set; }

    /// <summary>Returns once every read model has every event.</summary>
    public Task CaughtUpAsync(CancellationToken stop) => Node.GetRequiredService<ReadModels>().CatchUpAsync(stop);

    /// <summary>Opens the dashboard once, as an operator.</summary>
    public Uri Link() => _node!.DashboardLink(Operator);

    private static Holder Operator => PkiCommands.House.First(holder => holder.Role == HolderRole.Operator);

    public static async Task<DashboardHouse> StartAsync(int messages, int waitingPercent, Action<string> note, TimeProvider clock, CancellationToken stop)
    {
        var house = new DashboardHouse();
        try
        {
            await house.FillAsync(messages, waitingPercent, note, clock, stop);
            await house.StartNodeAsync(note, clock, stop);
            return house;
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task FillAsync(int messages, int waitingPercent, Action<string> note, TimeProvider clock, CancellationToken stop)
    {
        note($"Writing {messages} messages into the log; data in {_folder.FullName}");
        await using var log = await SqliteEventLog.OpenAsync(new() { Folder = Path.Combine(_folder.FullName, "node") }, clock, NullLogger.Instance);
        await DashboardHistory.FillAsync(log, messages, waitingPercent, Seed, stop);
    }

    private async Task StartNodeAsync(Action<string> note, TimeProvider clock, CancellationToken stop)
    {
        var pki = new PkiFolder(Path.Combine(_folder.FullName, "pki"), clock);
        pki.MakeDevelopmentCa("MessageBackbone bench CA", force: false);
        foreach (var holder in PkiCommands.House) pki.Issue(holder, null, [], force: false);
        var options = HouseDefaults.Node(pki, HolderFolder.Open(pki.Root, "node"), Path.Combine(_folder.FullName, "node"));
        options.Listen = new IPEndPoint(IPAddress.Loopback, 0).ToString();
        options.Dashboard.DemoListen = new IPEndPoint(IPAddress.Loopback, 0);
        // The history's bureaus are not registered: nobody is to be told that something is late there.
        (options.Escalation.Flash.Off, options.Escalation.Immediate.Off, options.Escalation.Priority.Off, options.Escalation.Routine.Off) = (true, true, true, true);
        var began = clock.GetTimestamp();
        _node = await NodeHost.StartAsync(options, clock, null, stop);
        note("Building the read models");
        await CaughtUpAsync(stop);
        CatchUpSeconds = Math.Round(clock.GetElapsedTime(began).TotalSeconds, 1);
    }
}
