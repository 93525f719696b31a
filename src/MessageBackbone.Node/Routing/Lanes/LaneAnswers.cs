using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>What came of asking a lane's queue.</summary>
internal enum LaneAnswer
{
    /// <summary>The question could not be put, or its end was not seen.</summary>
    Unknown,

    Answered,

    /// <summary>The broker took the question and gave no answer in time, or says that it has no one to answer it.</summary>
    Silent,
}

/// <summary>Asks lane queues for a sign of life: takes the first message and gives it back. A declaration is no sign, the broker answers it alone.</summary>
internal sealed class LaneAnswers(Uri broker)
{
    // A broker allows 2,047 channels a connection.
    private const int AtOnce = 500;

    private readonly ConnectionFactory _factory = new()
    {
        Uri = broker,
        AutomaticRecoveryEnabled = false,
        // The patience: the client holds to it, and not to a token, while it waits for a silent queue.
        ContinuationTimeout = TimeSpan.FromSeconds(2),
        ClientProvidedName = "backbone-node lanes",
    };

    public async Task<IReadOnlyDictionary<LaneKey, LaneAnswer>> AskAsync(IReadOnlyCollection<LaneKey> lanes, CancellationToken cancellationToken)
    {
        var answers = lanes.ToDictionary(lane => lane, _ => LaneAnswer.Unknown);
        foreach (var some in lanes.Chunk(AtOnce))
        {
            // The broker closes the connection over a queue that has died: then the others are asked again, as long as that brings answers.
            var (left, before) = (some, some.Length + 1);
            while (left.Length > 0 && left.Length < before)
            {
                before = left.Length;
                await AskAsync(left, answers, cancellationToken);
                left = [.. left.Where(lane => answers[lane] == LaneAnswer.Unknown)];
            }
        }
        return answers;
    }

    private async Task AskAsync(LaneKey[] lanes, Dictionary<LaneKey, LaneAnswer> answers, CancellationToken cancellationToken)
    {
        var connection = await _factory.CreateConnectionAsync(cancellationToken);
        try
        {
            var asked = await Task.WhenAll(lanes.Select(lane => AskAsync(connection, lane.QueueName)));
            for (var i = 0; i < lanes.Length; i++) answers[lanes[i]] = asked[i];
        }
        finally
        {
            _ = CutAsync(connection);
        }
    }

    private static async Task<LaneAnswer> AskAsync(IConnection connection, string queue)
    {
        IChannel? channel = null;
        try
        {
            channel = await connection.CreateChannelAsync();
            if (await channel.BasicGetAsync(queue, autoAck: false) is { } first)
                await channel.BasicNackAsync(first.DeliveryTag, multiple: false, requeue: true);
            return LaneAnswer.Answered;
        }
        catch (OperationCanceledException)
        {
            return channel is null ? LaneAnswer.Unknown : LaneAnswer.Silent;
        }
        catch (OperationInterruptedException dead) when (dead.ShutdownReason is { ReplyCode: Constants.InternalError } reason
            && reason.ReplyText.Contains($"'{queue}'", StringComparison.Ordinal))
        {
            return LaneAnswer.Silent;
        }
        catch (RabbitMQClientException)
        {
            // The queue went away in this moment, or the connection did: the next look asks again.
            return LaneAnswer.Unknown;
        }
    }

    // A channel that waits for a silent queue can be neither used nor closed: its connection is cut, and nobody waits the seconds that this takes.
    private static async Task CutAsync(IConnection connection)
    {
        await connection.AbortAsync();
        await connection.DisposeAsync();
    }
}
