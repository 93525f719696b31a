using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using MessageBackbone.EventStoreStandIn.Storing;
using Options = MessageBackbone.EventLog.EventStoreDb.Wire.ReadReq.Types.Options;

namespace MessageBackbone.EventStoreStandIn.Serving;

/// <summary>A subscription to what is new. It asks for no leader, whatever its caller says, and goes on when the leader changes.</summary>
internal sealed class LiveReading(StandIn node)
{
    public async Task RunAsync(Options options, Caller caller, IServerStreamWriter<ReadResp> answers, CancellationToken cancellationToken)
    {
        if (!caller.MayReadAll) throw Refusals.AccessDenied();
        if (node.Faults.NotReady) throw Refusals.NotReady();
        if (options.All?.AllOptionCase != Options.Types.AllOptions.AllOptionOneofCase.End)
            throw new RpcException(new(StatusCode.Unimplemented, "The stand-in's subscriptions begin at the end of all events."));
        var feed = new LiveFeed(Reading.Streams(options));
        using var following = node.Store.Follow(feed);
        await answers.WriteAsync(new() { Confirmation = new() { SubscriptionId = $"{Guid.NewGuid()}" } }, cancellationToken);
        // The server says that it has caught up, in a field that the adapter's protos do not name.
        await answers.WriteAsync(new(), cancellationToken);
        await foreach (var record in feed.Waiting.ReadAllAsync(cancellationToken)) await answers.WriteAsync(Reading.Answer(record), cancellationToken);
        throw Refusals.TooSlow();
    }
}
