using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventLog.Tests.Contract;
using MessageBackbone.EventStoreStandIn;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>The contract against the server's stand-in, which is everywhere. What it says is held to the server by <see cref="LikeTheRealServerTests"/>.</summary>
public sealed class StandInTests : EventLogContract<EventStoreDbEventLog>
{
    private StandIn? _server;
    private SpaceOfAServer? _space;

    protected override async ValueTask<IEventLog> OpenAsync()
    {
        _server ??= await StandIn.StartAsync();
        _space ??= new(_server.ConnectionString);
        return await _space.OpenAsync();
    }

    protected override async ValueTask RemoveAsync()
    {
        _space?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
    }
}
