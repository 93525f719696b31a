using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Projecting;

/// <summary>Messages of every kind and what can become of them, too late and twice as well, in an order of chance: read models that tell of the same things must
/// agree on it, whatever a decider would have made of it.</summary>
internal sealed class VariedHistory(ProjectedLog log, int seed)
{
    public static readonly string[] Bureaus = ["AT", "DE", "ES", "FR"];

    private static readonly string[] Kinds = ["text", "request", "order.recall", "report.non-delivery"];
    private readonly Random _random = new(seed);
    private readonly List<(string Id, string Bureau, Precedence Precedence)> _deliveries = [];
    private readonly HashSet<string> _redirected = [];

    /// <summary>As they were accepted.</summary>
    public List<Accepted> Accepted { get; } = [];

    public DateTimeOffset Now { get; private set; } = ProjectedLog.Start;

    /// <param name="after">After every step.</param>
    public async Task RunAsync(int steps, Func<Task>? after = null)
    {
        for (var step = 0; step < steps; step++)
        {
            Now += TimeSpan.FromSeconds(_random.Next(0, 40));
            if (_deliveries.Count == 0 || _random.Next(4) == 0) await AcceptAsync();
            else await GoOnAsync(_deliveries[_random.Next(_deliveries.Count)]);
            if (after is not null) await after();
        }
    }

    private async Task AcceptAsync()
    {
        var (id, precedence) = (Guid.CreateVersion7(Now).ToString("D"), (Precedence)_random.Next(1, 5));
        var from = Bureaus[_random.Next(Bureaus.Length)];
        var to = Bureaus.Where(bureau => bureau != from && _random.Next(2) == 0).ToArray();
        if (to.Length == 0) to = [Bureaus.First(bureau => bureau != from)];
        var accepted = ProjectedLog.Accepted(id, from, precedence, Now, to);
        accepted.Content.Kind = Kinds[_random.Next(Kinds.Length)];
        accepted.Content.Exercise = _random.Next(5) == 0;
        accepted.Content.ConversationId = Accepted.Count > 0 && _random.Next(2) == 0 ? Accepted[_random.Next(Accepted.Count)].Content.ConversationId : id;
        accepted.Content.Topic = _random.Next(3) == 0 ? "art" : "";
        accepted.Content.Reference = $"{from}-{Accepted.Count % 7}";
        await log.AppendAtAsync(Now, StreamId.Message(id), accepted);
        Accepted.Add(accepted);
        _deliveries.AddRange(to.Select(bureau => (id, bureau, precedence)));
    }

    private async Task GoOnAsync((string Id, string Bureau, Precedence Precedence) delivery)
    {
        var (id, bureau, at) = (delivery.Id, delivery.Bureau, Now.ToTimestamp());
        IMessage @event = _random.Next(12) switch
        {
            0 or 1 or 2 => new Delivered { MessageId = id, Recipient = bureau, At = at },
            3 => new Opened { MessageId = id, Recipient = bureau, At = at },
            4 => new V1.Refused { MessageId = id, Recipient = bureau, Reason = "CANNOT_OPEN", At = at },
            5 => new Quarantined { MessageId = id, Recipient = bureau, At = at },
            6 => new Released { MessageId = id, Recipient = bureau, At = at },
            7 => new RefusedByOperator { MessageId = id, Recipient = bureau, At = at },
            8 => _random.Next(2) == 0 ? new Expired { MessageId = id, Recipient = bureau, At = at } : new Recalled { MessageId = id, Recipient = bureau, At = at },
            9 => new AskedBack { MessageId = id, Recipient = bureau, At = at },
            _ => new Escalated { MessageId = id, Recipient = bureau, Step = EscalationStep.DutyDesk, At = at },
        };
        if (@event is Escalated && _random.Next(3) == 0 && _redirected.Add(id + bureau))
        {
            var alternate = $"{bureau}X";
            @event = new Redirected { MessageId = id, Recipient = bureau, To = alternate, Precedence = delivery.Precedence, At = at };
            if (bureau.Length > 2) return;
            _deliveries.Add((id, alternate, delivery.Precedence));
        }

        await log.AppendAtAsync(Now, StreamId.Delivery(id, bureau), @event);
    }
}
