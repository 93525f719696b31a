namespace MessageBackbone.Node.Tests.Accepting;

/// <summary>One house for all refusals that leave nothing behind: FR, DE and ES, and GB that may see nothing above OFFICIAL_USE_ONLY.</summary>
public sealed class SharedHouse : IAsyncLifetime
{
    internal House House { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        House = await House.OpenAsync("FR", "DE", "ES");
        await House.AddBureauAsync("GB", V1.Classification.OfficialUseOnly);
    }

    public ValueTask DisposeAsync() => House.DisposeAsync();
}
