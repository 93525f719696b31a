using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Faults.Houses;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Faults.Judging;

/// <summary>Reads the log of a node that has stopped.</summary>
internal sealed class LogReading
{
    private readonly List<Logged> _messages = [];
    private readonly List<Walk> _walks = [];
    private readonly Dictionary<string, (Logged Message, Precedence Precedence)> _accepted = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Id, string Bureau), List<Fact>> _facts = [];
    private readonly Dictionary<(string Bureau, Precedence Precedence), ulong> _numbers = [];

    public static async Task<NodeLog> ReadAsync(House house, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reading = new LogReading();
        await using var log = await house.OpenLogAsync(clock, cancellationToken);
        await foreach (var batch in log.ReadAllAsync(LogPosition.Start, cancellationToken))
            foreach (var recorded in batch)
                reading.Apply(recorded, EventTypes.Parse(recorded.Type, recorded.Data));
        return new NodeLog(reading._messages, reading._walks);
    }

    private void Apply(RecordedEvent recorded, IMessage made)
    {
        var id = recorded.EventId.ToString("D");
        switch (made)
        {
            case Accepted e: Accept(e); break;
            case Delivered e: Add(e.MessageId, e.Recipient, new(Happened.Delivered)); break;
            case Refused e: Add(e.MessageId, e.Recipient, new(Happened.Refused, e.Reason)); break;
            case Opened e: Add(e.MessageId, e.Recipient, new(Happened.Opened)); break;
            case Quarantined e: Add(e.MessageId, e.Recipient, new(Happened.Quarantined, e.Reason)); break;
            case Released e: Add(e.MessageId, e.Recipient, new(Happened.Released)); break;
            case RedeliveryOrdered e: Add(e.MessageId, e.Recipient, new(Happened.RedeliveryOrdered, e.Reason)); break;
            case RedeliveryEnded e: Add(e.MessageId, e.Recipient, new(Happened.RedeliveryEnded, e.Reason)); break;
            case Expired e: Add(e.MessageId, e.Recipient, new(Happened.Expired, "", id, IsTold: true)); break;
            case RefusedByOperator e: Add(e.MessageId, e.Recipient, new(Happened.RefusedByOperator, e.Reason, id, IsTold: true)); break;
            case Recalled e: Add(e.MessageId, e.Recipient, new(Happened.Recalled)); break;
            case Escalated e: Add(e.MessageId, e.Recipient, new(Step(e.Step), e.Reason, id, e.To.Length > 0 && e.Reason != "REDIRECTED")); break;
            case Redirected e: Redirect(e, id); break;
            case RequestStarted e: Add(e.MessageId, e.Recipient, new(Happened.Started)); break;
            case RequestClosed e: Add(e.MessageId, e.Recipient, new(Happened.Closed, e.Reason)); break;
            case RequestReminded e: Add(e.MessageId, e.Recipient, new(Happened.Reminded, "", id, e.To.Length > 0)); break;
            case RequestOverdue e: Add(e.MessageId, e.Recipient, new(Happened.Reminded, "", id, e.To.Length > 0)); break;
        }
    }

    private void Accept(Accepted accepted)
    {
        var header = accepted.Content;
        var message = new Logged(header.MessageId, header.From, header.Kind, header.Reference, header.ConversationId, header.InReplyTo);
        _messages.Add(message);
        _accepted[message.Id] = (message, header.Precedence);
        foreach (var recipient in accepted.Recipients) Begin(message, header.Precedence, recipient);
        if (header.Kind == "answer" && _facts.TryGetValue((header.InReplyTo, header.From), out var asked)) asked.Add(new(Happened.Answered));
    }

    // In the alternate's lane it gets the next number, as a message that is accepted now.
    private void Redirect(Redirected redirected, string id)
    {
        Add(redirected.MessageId, redirected.Recipient, new(Happened.Redirected, redirected.To, id, IsTold: true));
        if (_facts.ContainsKey((redirected.MessageId, redirected.To))) return;
        var (message, precedence) = _accepted[redirected.MessageId];
        Begin(message, precedence, redirected.To);
    }

    private void Begin(Logged message, Precedence precedence, string bureau)
    {
        var number = _numbers[(bureau, precedence)] = _numbers.GetValueOrDefault((bureau, precedence)) + 1;
        var facts = _facts[(message.Id, bureau)] = [];
        _walks.Add(new Walk(message, bureau, precedence.ToString().ToLowerInvariant(), number, facts));
    }

    private void Add(string messageId, string bureau, Fact fact) => _facts[(messageId, bureau)].Add(fact);

    private static Happened Step(EscalationStep step) => step switch
    {
        EscalationStep.DutyDesk => Happened.DutyDesk,
        EscalationStep.Alternate => Happened.Alternate,
        EscalationStep.Sender => Happened.Sender,
        _ => Happened.Operator,
    };
}
