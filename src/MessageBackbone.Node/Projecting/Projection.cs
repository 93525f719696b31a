using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;

namespace MessageBackbone.Node.Projecting;

/// <summary>One read model: what its tables are, and what an event does to them.</summary>
/// <param name="Name">As in <c>backbone ops rebuild NAME</c>; also the file's name.</param>
/// <param name="Version">Counted up whenever the rows would come out differently: an older file is then built again at start.</param>
/// <param name="Schema">The tables, without the checkpoint.</param>
/// <param name="Open">A writer on the follower's connection. It lives as long as its transactions succeed: after a fault a new one is made from the
/// rows, so what it remembers never gets ahead of them.</param>
internal sealed record Projection(string Name, int Version, string Schema, Func<ReadModelSession, IRowWriter> Open);

/// <summary>Turns events into rows. Called in log order, in a transaction of the follower's. The rows must not depend on where a batch ends.</summary>
internal interface IRowWriter
{
    void Apply(RecordedEvent recorded);

    /// <summary>The batch is complete and about to be committed.</summary>
    void Flush()
    {
    }
}

/// <summary>What a projection does with the events that concern it. All others it skips knowingly: they are parsed by nobody here.</summary>
internal sealed class Reactions
{
    private readonly Dictionary<string, Action<RecordedEvent>> _byType = new(StringComparer.Ordinal);

    public Reactions On<TEvent>(Action<RecordedEvent, TEvent> apply)
        where TEvent : IMessage<TEvent>, new()
    {
        var parser = new MessageParser<TEvent>(static () => new TEvent());
        _byType.Add(EventTypes.NameOf<TEvent>(), recorded => apply(recorded, parser.ParseFrom(recorded.Data.Span)));
        return this;
    }

    public void Apply(RecordedEvent recorded)
    {
        if (_byType.TryGetValue(recorded.Type, out var apply)) apply(recorded);
    }
}
