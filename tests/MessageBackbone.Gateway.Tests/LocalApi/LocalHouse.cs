using MessageBackbone.Gateway.Tests.Running;

namespace MessageBackbone.Gateway.Tests.LocalApi;

/// <summary>FR and DE with their gateways, and a program of each.</summary>
public sealed class LocalHouse : IAsyncLifetime
{
    internal GatewayHouse House { get; private set; } = null!;

    internal RunningGateway France { get; private set; } = null!;

    internal RunningGateway Germany { get; private set; } = null!;

    internal LocalClient Fr { get; private set; } = null!;

    internal LocalClient De { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        House = await GatewayHouse.OpenAsync("FR", "DE");
        await House.Node.AllowTopicAsync("stolen.vehicles");
        France = await House.AttendAsync("FR", o => o.MaxContent = 64 << 10);
        Germany = await House.AttendAsync("DE");
        (Fr, De) = (new LocalClient(France), new LocalClient(Germany));
    }

    public async ValueTask DisposeAsync()
    {
        Fr.Dispose();
        De.Dispose();
        await House.DisposeAsync();
    }
}
