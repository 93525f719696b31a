using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>The log's name, the one event of a stream of its own: random, given once, by whoever comes first.</summary>
internal static class LogIdentity
{
    private const string EventType = "log.named.v1";

    /// <summary>The name that the server holds; it is given one where there is none.</summary>
    /// <exception cref="EventLogOpenException">The stream holds something else.</exception>
    public static async Task<string> ReadOrGiveAsync(LeaderConnection connection, StreamNames names, CancellationToken cancellationToken)
    {
        if (await ReadAsync(connection, names, cancellationToken) is { } there) return there;
        // Two that come at once: one is refused, and both read the same.
        await GiveAsync(connection, names, cancellationToken);
        return await ReadAsync(connection, names, cancellationToken) ?? throw new RpcException(new(StatusCode.Unavailable, "The log's name was not kept."));
    }

    private static async Task<string?> ReadAsync(LeaderConnection connection, StreamNames names, CancellationToken cancellationToken)
    {
        var request = ServerReader.NewRequest(1);
        request.Options.Stream = new() { StreamIdentifier = WireIds.Stream(names.Identity), Start = new() };
        using var call = connection.Streams.Read(request, connection.Headers, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            if (call.ResponseStream.Current is not { ContentCase: ReadResp.ContentOneofCase.Event } answer) continue;
            var name = answer.Event.Event.Data.ToStringUtf8();
            if (answer.Event.Event.Metadata.GetValueOrDefault(StoredEvent.TypeKey) == EventType && name.StartsWith("log-", StringComparison.Ordinal)) return name;
            throw new EventLogOpenException(names.Identity, "This stream of the server does not hold the name of an event log");
        }

        return null;
    }

    private static async Task GiveAsync(LeaderConnection connection, StreamNames names, CancellationToken cancellationToken)
    {
        using var call = connection.Streams.Append(connection.Headers, cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new() { Options = new() { StreamIdentifier = WireIds.Stream(names.Identity), NoStream = new() } }, cancellationToken);
        await call.RequestStream.WriteAsync(new() { ProposedMessage = NewName() }, cancellationToken);
        await call.RequestStream.CompleteAsync();
        await call;
    }

    private static AppendReq.Types.ProposedMessage NewName() => new()
    {
        Id = Guid.NewGuid().ToWire(),
        Metadata = { { StoredEvent.TypeKey, EventType }, { StoredEvent.ContentTypeKey, StoredEvent.OctetStream } },
        Data = ByteString.CopyFrom($"log-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}", Encoding.ASCII),
    };
}
