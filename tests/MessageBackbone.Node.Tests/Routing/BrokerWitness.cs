using System.Text.Json;
using MessageBackbone.Node.Routing;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>A hand at the broker beside the node's: looks into queues, deletes and purges them, puts things in.</summary>
internal sealed class BrokerWitness(IConnection connection) : IAsyncDisposable
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<BrokerWitness> OpenAsync(Uri broker) =>
        new(await new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync(Cancel));

    /// <summary>Messages ready in a queue; null: there is no such queue.</summary>
    public async Task<uint?> ReadyAsync(string queue)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue, Cancel)).MessageCount;
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == 404)
        {
            return null;
        }
    }

    public async Task DeleteAsync(string queue)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        await channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false, cancellationToken: Cancel);
    }

    /// <summary>Takes away queues and exchanges of a bureau.</summary>
    public async Task ForgetAsync(string bureau)
    {
        foreach (var lane in LaneKey.Of(bureau))
        {
            await DeleteAsync(lane.QueueName);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
            await channel.ExchangeDeleteAsync(lane.QueueName, cancellationToken: Cancel);
        }
    }

    public async Task PurgeAsync(string queue)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        await channel.QueuePurgeAsync(queue, Cancel);
    }

    public async Task DeclareClassicAsync(string queue)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancel);
    }

    /// <summary>Puts something in that says it is MassTransit's.</summary>
    public async Task PutAsync(string queue, ReadOnlyMemory<byte> body)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        var properties = new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true };
        await channel.BasicPublishAsync("", queue, mandatory: true, properties, body, Cancel);
    }

    /// <summary>Every message of a queue as it lies there; they stay in it.</summary>
    public async Task<IReadOnlyList<BasicGetResult>> LookAsync(string queue)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        var found = new List<BasicGetResult>();
        // Closing the channel gives all of them back.
        while (await channel.BasicGetAsync(queue, autoAck: false, Cancel) is { } message) found.Add(message);
        return found;
    }

    /// <summary>When each message of a queue was sent, as MassTransit wrote it down.</summary>
    public async Task<IReadOnlyList<DateTimeOffset>> SentTimesAsync(string queue) =>
        [.. (await LookAsync(queue)).Select(message =>
        {
            using var envelope = JsonDocument.Parse(message.Body);
            return envelope.RootElement.GetProperty("sentTime").GetDateTimeOffset();
        })];

    public async ValueTask DisposeAsync() => await connection.DisposeAsync();
}
