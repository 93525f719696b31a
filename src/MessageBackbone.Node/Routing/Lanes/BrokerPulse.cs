using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>Publishes one byte to nobody again and again, on a connection of its own, and so hears at once when the broker takes nothing.</summary>
/// <remarks>RabbitMQ tells of a memory or disk alarm only to connections that publish, and from then on reads nothing at all from them (decision 0053):
/// the watch's own connection would either hear nothing or be deaf itself.</remarks>
internal sealed class BrokerPulse : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private BrokerPulse(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    /// <summary>For whatever else publishes: it shares the fate of this connection and nobody else's.</summary>
    public IConnection Connection => _connection;

    /// <summary>Completes with the reason when the connection ends.</summary>
    public Task<string> Closed => _closed.Task;

    /// <param name="broker">Its address.</param>
    /// <param name="told">Called with the broker's reason when it takes nothing, with null when it takes everything again.</param>
    /// <param name="cancellationToken">Of the connecting.</param>
    public static async Task<BrokerPulse> ConnectAsync(Uri broker, Action<string?> told, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory
        {
            Uri = broker,
            AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            ClientProvidedName = "backbone-node pulse",
        };
        var connection = await factory.CreateConnectionAsync(cancellationToken);
        try
        {
            var channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
            var pulse = new BrokerPulse(connection, channel);
            pulse.Listen(told);
            return pulse;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>One byte; returns when the broker has confirmed it. During an alarm the broker still confirms the first, and reads no second until it
    /// is over.</summary>
    public async Task BeatAsync(CancellationToken cancellationToken) =>
        await _channel.BasicPublishAsync("", "backbone.pulse", mandatory: false, new byte[1], cancellationToken);

    /// <summary>Beats until cancelled; whatever else ends it is thrown.</summary>
    public async Task<string> RunAsync(TimeSpan every, TimeProvider clock, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(every, clock, cancellationToken);
            await BeatAsync(cancellationToken);
        }
    }

    // A blocked connection does not hear that it is closed: it is cut.
    public async ValueTask DisposeAsync()
    {
        await _connection.AbortAsync(TimeSpan.FromSeconds(1));
        await _connection.DisposeAsync();
    }

    private void Listen(Action<string?> told)
    {
        _connection.ConnectionBlockedAsync += (_, blocked) =>
        {
            told(blocked.Reason);
            return Task.CompletedTask;
        };
        _connection.ConnectionUnblockedAsync += (_, _) =>
        {
            told(null);
            return Task.CompletedTask;
        };
        _connection.ConnectionShutdownAsync += (_, why) =>
        {
            _closed.TrySetResult(why.ReplyText);
            return Task.CompletedTask;
        };
    }
}
