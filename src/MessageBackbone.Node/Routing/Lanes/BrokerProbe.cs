using RabbitMQ.Client;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>Finds out, by doing it, whether a lane queue of this broker keeps a message that is returned again and again.</summary>
internal static class BrokerProbe
{
    public const int Returns = 25;

    /// <summary>The returns that the one message survived; <see cref="Returns"/> when all.</summary>
    public static async Task<int> RunAsync(IConnection connection, Dictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        var queue = $"backbone.probe.{Guid.NewGuid():N}";
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        // Should this node die in between, the broker removes the queue by itself.
        var declared = new Dictionary<string, object?>(arguments, StringComparer.Ordinal) { ["x-expires"] = 60_000 };
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, declared, cancellationToken: cancellationToken);
        try
        {
            await channel.BasicPublishAsync("", queue, mandatory: true, "probe"u8.ToArray(), cancellationToken);
            return await CountAsync(channel, queue, cancellationToken);
        }
        finally
        {
            await channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false, cancellationToken: CancellationToken.None);
        }
    }

    private static async Task<int> CountAsync(IChannel channel, string queue, CancellationToken cancellationToken)
    {
        for (var returns = 0; returns < Returns; returns++)
        {
            if (await GetAsync(channel, queue, cancellationToken) is not { } message) return Math.Max(0, returns - 1);
            await channel.BasicNackAsync(message.DeliveryTag, multiple: false, requeue: true, cancellationToken);
        }
        return await GetAsync(channel, queue, cancellationToken) is { } last && await AckAsync(channel, last, cancellationToken) ? Returns : Returns - 1;
    }

    private static async Task<bool> AckAsync(IChannel channel, BasicGetResult message, CancellationToken cancellationToken)
    {
        await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
        return true;
    }

    // A quorum queue makes a returned message available only after its own commit: an empty answer right after a return is not yet a loss.
    private static async Task<BasicGetResult?> GetAsync(IChannel channel, string queue, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < 50; tries++)
        {
            if (await channel.BasicGetAsync(queue, autoAck: false, cancellationToken) is { } message) return message;
            await Task.Delay(TimeSpan.FromMilliseconds(2 * (tries + 1)), cancellationToken);
        }
        return null;
    }
}
