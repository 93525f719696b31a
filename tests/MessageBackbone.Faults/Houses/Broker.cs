using System.Globalization;
using MessageBackbone.Node.Routing;

namespace MessageBackbone.Faults.Houses;

/// <summary>The house's own RabbitMQ.</summary>
internal sealed class Broker(LocalBroker broker, string folder) : IAsyncDisposable
{
    private const int StartTries = 3;

    public Uri Address => broker.Address;

    public static async Task<Broker> StartAsync(string folder, CancellationToken cancellationToken) =>
        new(await LocalBroker.StartAsync(folder, cancellationToken), folder);

    public Task KillAsync() => broker.KillAsync();

    /// <summary>Removes the data of a killed broker.</summary>
    public void Wipe() => broker.Wipe();

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await broker.StartAgainAsync(cancellationToken);
                return;
            }
            catch (BrokerStartException) when (tries < StartTries)
            {
                await broker.KillAsync();
            }
        }
    }

    public Task SuspendAsync() => Signals.SendAsync("STOP", Process());

    public Task ResumeAsync() => Signals.SendAsync("CONT", Process());

    public ValueTask DisposeAsync() => broker.DisposeAsync();

    private int Process() => int.Parse(File.ReadAllText(Path.Combine(folder, "pid")).Trim(), CultureInfo.InvariantCulture);
}
