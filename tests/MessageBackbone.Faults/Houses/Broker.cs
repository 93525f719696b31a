using System.Globalization;
using MessageBackbone.Node.Routing;

namespace MessageBackbone.Faults.Houses;

/// <summary>The house's own RabbitMQ.</summary>
internal sealed class Broker(LocalBroker broker, string folder) : IServer, IAsyncDisposable
{
    // Where everything is slow a start can take longer than its time; a run of half an hour does not end for that.
    private const int StartTries = 10;

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

    /// <summary>Queues whose names match drop what was returned to them more often, whatever they were declared with; it is moved to <paramref name="dropped"/>.</summary>
    public Task LimitAsync(string pattern, int returns, string dropped, CancellationToken cancellationToken) => broker.ControlAsync(
        cancellationToken, "set_policy", "--apply-to", "queues", "limit", pattern,
        $$"""{"delivery-limit":{{returns}},"dead-letter-exchange":"","dead-letter-routing-key":"{{dropped}}"}""");

    public Task UnlimitAsync(CancellationToken cancellationToken) => broker.ControlAsync(cancellationToken, "clear_policy", "limit");

    public Task SuspendAsync() => Signals.SendAsync("STOP", Process());

    public Task ResumeAsync() => Signals.SendAsync("CONT", Process());

    public ValueTask DisposeAsync() => broker.DisposeAsync();

    private int Process() => int.Parse(File.ReadAllText(Path.Combine(folder, "pid")).Trim(), CultureInfo.InvariantCulture);
}
