using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.EndToEnd.Foreign;

/// <summary>A node, our gateway for FR, and bureaus that run nothing of ours: JP takes part, ES only has certificates of our making.</summary>
public sealed class ForeignHouse : IAsyncLifetime
{
    internal House House { get; private set; } = null!;

    internal ForeignBureau Japan { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        House = await House.OpenAsync(null, null, "FR", "ES");
        Japan = await ForeignBureau.JoinAsync(House, "JP");
        await House.StartGatewaysAsync("FR");
    }

    public ValueTask DisposeAsync() => House.DisposeAsync();
}
