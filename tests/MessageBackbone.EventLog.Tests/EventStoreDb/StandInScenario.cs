using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventLog.Tests.Contract;
using MessageBackbone.EventStoreStandIn;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>One stand-in, and a space of it that a log is opened in, any number of times one after the other.</summary>
public abstract class StandInScenario : IAsyncLifetime
{
    private readonly List<StandIn> _servers = [];
    private EventStoreDbEventLog? _log;

    private protected StandIn Server { get; private set; } = null!;

    private protected SpaceOfAServer Space { get; private set; } = null!;

    protected IEventLog Log => _log ?? throw new InvalidOperationException("The log is not open.");

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Server = await StartAsync(new());
        Space = new(Server.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        foreach (var server in _servers) await server.DisposeAsync();
        Space.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task<StandIn> StartAsync(StandInOptions options)
    {
        var server = await StandIn.StartAsync(options);
        _servers.Add(server);
        return server;
    }

    /// <summary>The same server once more: same port, same store.</summary>
    private protected async Task StartAgainAsync() => Server = await StartAsync(new() { Port = Server.Port, Store = Server.Store });

    protected async Task OpenAsync()
    {
        await CloseAsync();
        _log = await Space.OpenAsync();
    }

    protected async Task CloseAsync()
    {
        if (_log is { } log) await log.DisposeAsync();
        _log = null;
    }

    protected Task<AppendOutcome> Append(StreamId stream, ExpectedRevision expected, params IReadOnlyList<NewEvent> events) =>
        Log.AppendAsync(stream, expected, events, Cancel).AsTask();

    protected async Task<EventLogUnavailableException> MustFail(StreamId stream, ExpectedRevision expected, params IReadOnlyList<NewEvent> events) =>
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => Append(stream, expected, events));

    /// <summary>Appends as soon as the log is available again.</summary>
    protected async Task<AppendOutcome> AppendOnceAvailable(StreamId stream, ExpectedRevision expected, params IReadOnlyList<NewEvent> events)
    {
        while (true)
        {
            try
            {
                return await Append(stream, expected, events);
            }
            catch (EventLogUnavailableException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), Cancel);
            }
        }
    }

    protected async Task<EventLogOpenException> MustNotOpen() => await Assert.ThrowsAsync<EventLogOpenException>(OpenAsync);

    /// <summary>The name of a stream of the log in the server.</summary>
    protected string NameOf(StreamId stream) => $"{Space.Options.Space}.{stream.Value}";

    /// <summary>The ids that the server holds in a stream of the log.</summary>
    protected IReadOnlyList<Guid> Held(StreamId stream) => Server.Store.IdsOf(NameOf(stream));

    protected static void AssertHolds(IReadOnlyList<Guid> held, params IEnumerable<NewEvent> events) => Assert.Equal(events.Select(e => e.EventId), held);

    protected static (StreamId Stream, NewEvent[] Events) New(int events = 2) => (Sample.Stream(), Sample.Events(events));
}
