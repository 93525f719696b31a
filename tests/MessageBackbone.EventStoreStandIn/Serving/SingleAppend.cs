using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using MessageBackbone.EventStoreStandIn.Storing;
using ExpectedCase = MessageBackbone.EventLog.EventStoreDb.Wire.AppendReq.Types.Options.ExpectedStreamRevisionOneofCase;

namespace MessageBackbone.EventStoreStandIn.Serving;

/// <summary>The call of one append. What is wrong with it is found in the server's order: expectation, user, events, size, leader.</summary>
internal sealed class SingleAppend(StandIn node)
{
    public async Task<AppendResp> RunAsync(IAsyncStreamReader<AppendReq> requests, Caller caller, ServerCallContext call)
    {
        if (!await requests.MoveNext(call.CancellationToken) || requests.Current.Options is not { } options) throw Refusals.Failed("An append begins with its options.");
        var expected = Expected(options);
        if (!caller.MayUseStreams) throw Refusals.AccessDenied();
        var events = await ReadEventsAsync(requests, call.CancellationToken);
        var stream = options.StreamIdentifier?.StreamName.ToStringUtf8() is { Length: > 0 } name ? name : throw Refusals.Failed("An append names its stream.");
        if ((caller.RequiresLeader && !node.Leads) || node.Faults.ReadOnly) throw Refusals.NotLeader(node.Faults.ReadOnly ? null : node.Cluster.Leader);
        switch (new Appending(node).Append(stream, expected, events, call.GetHttpContext().Connection.Id))
        {
            case Decision.Written written:
                return new() { Success = Success(written) };
            case Decision.Wrong { Current: var current }:
                return new() { WrongExpectedVersion = current is { } revision ? new() { CurrentRevision = revision } : new() { CurrentNoStream = new() } };
            case Decision.Deleted deleted:
                throw Refusals.Deleted(deleted.Stream);
            case Decision.TimedOut:
                throw Refusals.TimedOut();
            case Decision.NotReady:
                throw Refusals.NotReady();
            default:
                await Task.Delay(Timeout.Infinite, call.CancellationToken);
                throw new OperationCanceledException();
        }
    }

    private async Task<List<NewRecord>> ReadEventsAsync(IAsyncStreamReader<AppendReq> requests, CancellationToken cancellationToken)
    {
        var (events, bytes) = (new List<NewRecord>(), 0);
        while (await requests.MoveNext(cancellationToken))
        {
            if (requests.Current.ProposedMessage is not { } proposed) throw Refusals.Failed("After its options an append holds events alone.");
            if (!proposed.Metadata.TryGetValue("type", out var type)) throw Refusals.MetadataMissing("type");
            if (!proposed.Metadata.TryGetValue("content-type", out var contentType)) throw Refusals.MetadataMissing("content-type");
            var e = new NewRecord(Ids.Read(proposed.Id), type, contentType, proposed.Data, proposed.CustomMetadata);
            if ((bytes += e.Size) > node.Options.MaxAppendSize) throw Refusals.TooLarge(node.Options.MaxAppendSize);
            if (e.Id == Guid.Empty || e.Type.Length == 0) throw Refusals.Failed("An event has an id and a type.");
            events.Add(e);
        }

        return events;
    }

    private static AppendResp.Types.Success Success(Decision.Written written)
    {
        var success = new AppendResp.Types.Success();
        if (written.Revision is { } revision) success.CurrentRevision = (ulong)revision;
        else success.NoStream = new();
        if (written.Position is { } position) success.Position = new() { CommitPosition = position, PreparePosition = position };
        else success.NoPosition = new();
        return success;
    }

    private static long Expected(AppendReq.Types.Options options) => options.ExpectedStreamRevisionCase switch
    {
        ExpectedCase.Revision => Expecting.Revision(options.Revision) ?? throw Refusals.Failed("There is no such revision."),
        ExpectedCase.NoStream => Expecting.NoStream,
        ExpectedCase.Any => Expecting.Any,
        ExpectedCase.StreamExists => Expecting.StreamExists,
        _ => throw Refusals.Invalid("An append says what it expects."),
    };
}
