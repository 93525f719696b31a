using MessageBackbone.EventLog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Projecting;

/// <summary>The read models of a node: opened at start, followed until stop, each on its own and rebuildable by its name.</summary>
internal sealed class ReadModels(IEventLog log, ProjectingOptions options, TimeProvider clock, ILogger<ReadModels> logger) : IHostedService, IAsyncDisposable
{
    public ProjectionFollower Messages { get; } = new(MessageIndex.Projection, log, options, clock, logger);

    public ProjectionFollower Deliveries { get; } = new(DeliveryStates.Projection, log, options, clock, logger);

    public ProjectionFollower Board { get; } = new(BoardTally.Projection, log, options, clock, logger);

    public ProjectionFollower Directory { get; } = new(DirectoryEntries.Projection, log, options, clock, logger);

    public ProjectionFollower Events { get; } = new(EventIndex.Projection, log, options, clock, logger);

    public ProjectionFollower Clocks { get; } = new(ServiceClockRows.Projection, log, options, clock, logger);

    public ProjectionFollower Requests { get; } = new(RequestRows.Projection, log, options, clock, logger);

    public ProjectionFollower Traffic { get; } = new(TrafficRows.Projection, log, options, clock, logger);

    public ProjectionFollower Acknowledgements { get; } = new(AcknowledgementRows.Projection, log, options, clock, logger);

    public ProjectionFollower Ledger { get; } = new(TreeRows.Projection, log, options, clock, logger);

    public IReadOnlyList<ProjectionFollower> All =>
        [Messages, Deliveries, Board, Directory, Events, Clocks, Requests, Traffic, Acknowledgements, Ledger];

    /// <summary>Null: no read model has this name.</summary>
    public ProjectionFollower? Find(string name) => All.FirstOrDefault(follower => follower.Name == name);

    /// <summary>Returns once everything that the log holds now is in every read model.</summary>
    public Task CatchUpAsync(CancellationToken cancellationToken) => Task.WhenAll(All.Select(follower => follower.CatchUpAsync(cancellationToken)));

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows()) System.IO.Directory.CreateDirectory(options.Folder);
        else System.IO.Directory.CreateDirectory(options.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var follower in All) await follower.StartAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var follower in All) await follower.DisposeAsync();
    }
}
