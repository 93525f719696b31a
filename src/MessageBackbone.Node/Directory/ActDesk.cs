using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Hosting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Directory;

/// <summary>Takes an act that the secretariat signed, whoever brought it: read, judged, decided, recorded.</summary>
internal sealed class ActDesk(CurrentDirectory directory, ActRecording acts, NodeIdentity node, NodeLimits limits, TimeProvider clock)
{
    /// <summary>The act in the log. The same order again is answered with where it is, whatever has expired since.</summary>
    /// <exception cref="RefusalException">It is no such act, not the secretariat's, out of time, or not possible now.</exception>
    public async Task<DirectoryActReply> TakeAsync<TAct>(
        ByteString order, MessageParser<TAct> parser, Func<TAct, (string Id, Timestamp? At)> facts, Func<TAct, DirectoryAct> command, Caller caller,
        CancellationToken cancellationToken)
        where TAct : class, IMessage<TAct>
    {
        var (act, signed) = ActReading.Read(order, parser);
        var (id, at) = facts(act);
        var state = directory.State;
        if (state.Acts.TryGetValue(id, out var recorded) && recorded.Order == Fingerprint.Of(order.Span))
            return new DirectoryActReply { Position = recorded.Position, Duplicate = true };
        ActReading.RequireSecretariat(signed, state, node, clock.GetUtcNow());
        ActReading.RequireTimely(at, signed, clock.GetUtcNow(), limits);
        return await acts.RecordAsync(command(act), caller, cancellationToken);
    }
}
