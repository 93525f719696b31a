using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>Declares and looks at queues. Each question has a channel of its own, because the broker closes the channel of one that it refuses.</summary>
internal sealed class BrokerTopology(IConnection connection, Dictionary<string, object?> laneArguments)
{
    private const ushort NotFound = 404, PreconditionFailed = 406;

    /// <summary>Exchange, queue and binding of a lane, as MassTransit names them; null, or why the broker refuses them.</summary>
    public async Task<string?> DeclareLaneAsync(LaneKey lane, CancellationToken cancellationToken)
    {
        var name = lane.QueueName;
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
            await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, laneArguments, cancellationToken: cancellationToken);
            await channel.QueueBindAsync(name, name, "", cancellationToken: cancellationToken);
            return null;
        }
        catch (OperationInterruptedException refused) when (refused.ShutdownReason?.ReplyCode == PreconditionFailed)
        {
            return refused.ShutdownReason.ReplyText;
        }
    }

    /// <summary>Takes a lane's queue away with all that it holds. One without a leader goes too: the broker waits some seconds for an answer first.</summary>
    public async Task DeleteLaneAsync(LaneKey lane, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.QueueDeleteAsync(lane.QueueName, ifUnused: false, ifEmpty: false, cancellationToken: cancellationToken);
    }

    /// <summary>Messages that are ready in a queue; null: there is no such queue.</summary>
    public async Task<uint?> ReadyAsync(string queue, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == NotFound)
        {
            return null;
        }
    }

    public async Task DeclareIncarnationAsync(string queue, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
    }
}
