using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using MessageBackbone.EventStoreStandIn.Storing;
using ExpectedCase = MessageBackbone.EventLog.EventStoreDb.Wire.BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase;

namespace MessageBackbone.EventStoreStandIn.Serving;

/// <summary>One call of BatchAppend. A node that knows another leader ends it as a whole; anything else is an answer to one append.</summary>
internal sealed class BatchCall(StandIn node, Caller caller, ServerCallContext call)
{
    private readonly ConcurrentDictionary<Guid, BatchedAppend> _open = new();
    private readonly Channel<BatchAppendResp> _answers = Channel.CreateUnbounded<BatchAppendResp>(new() { SingleReader = true });

    public async Task RunAsync(IAsyncStreamReader<BatchAppendReq> requests, IServerStreamWriter<BatchAppendResp> responses)
    {
        var receiving = ReceiveAsync(requests);
        await foreach (var answer in _answers.Reader.ReadAllAsync(call.CancellationToken)) await responses.WriteAsync(answer, call.CancellationToken);
        await receiving;
    }

    private async Task ReceiveAsync(IAsyncStreamReader<BatchAppendReq> requests)
    {
        try
        {
            var answered = 0;
            while (await requests.MoveNext(call.CancellationToken))
                if (Take(requests.Current) is { } answer && ++answered > 0) Answer(requests.Current.CorrelationId, answer);
            // The server ends a call that was half-closed only after one more answer.
            if (answered == 0) await Task.Delay(Timeout.Infinite, call.CancellationToken);
            _answers.Writer.TryComplete();
        }
        catch (Exception e)
        {
            _answers.Writer.TryComplete(e);
            throw;
        }
    }

    private void Answer(UUID correlation, BatchAppendResp answer)
    {
        answer.CorrelationId = correlation;
        _answers.Writer.TryWrite(answer);
    }

    /// <summary>One message; null: there is no answer to it, or none yet.</summary>
    private BatchAppendResp? Take(BatchAppendReq message)
    {
        var id = Ids.Read(message.CorrelationId);
        if (message.Options is { } options)
        {
            if (!caller.MayUseStreams) return Refused(options.StreamIdentifier, BatchFaults.AccessDenied());
            if (options.StreamIdentifier is null) return Refused(null, BatchFaults.BadRequest());
            if (options.Deadline is { } deadline && deadline.ToTimeSpan() <= TimeSpan.Zero) return Refused(options.StreamIdentifier, BatchFaults.TimedOut());
            if (options.StreamIdentifier.StreamName.IsEmpty || Expected(options) is not { } expected) return Refused(options.StreamIdentifier, BatchFaults.BadRequest());
            var opened = new BatchedAppend(options.StreamIdentifier, options, expected);
            if (_open.TryAdd(id, opened)) _ = ExpireAsync(message.CorrelationId, options);
        }

        if (!_open.TryGetValue(id, out var append)) return null;
        if (!append.TryAdd(message.ProposedMessages)) return Close(id, append, BatchFaults.BadRequest());
        if (append.Bytes > node.Options.MaxAppendSize) return Close(id, append, BatchFaults.TooLarge(node.Options.MaxAppendSize));
        if (!message.IsFinal || !_open.TryRemove(id, out _)) return null;
        return Write(append);
    }

    private BatchAppendResp? Write(BatchedAppend append)
    {
        if (node.Faults.ReadOnly || (caller.RequiresLeader && !node.Leads))
        {
            var leader = node.Faults.ReadOnly ? null : node.Cluster.Leader;
            return leader is null ? Refused(append.Stream, BatchFaults.Unready("This node does not lead, and knows no leader.")) : throw Refusals.NotLeader(leader);
        }

        var stream = append.Stream.StreamName.ToStringUtf8();
        return new Appending(node).Append(stream, append.Expected, append.Events, call.GetHttpContext().Connection.Id) switch
        {
            Decision.Written written => Written(append.Stream, written),
            Decision.Wrong { Current: var current } => Refused(append.Stream, BatchFaults.WrongExpectedVersion(append.Wrong(current))),
            Decision.Deleted deleted => Refused(append.Stream, BatchFaults.Deleted(deleted.Stream)),
            Decision.TimedOut => Refused(append.Stream, BatchFaults.TimedOut()),
            Decision.NotReady => Refused(append.Stream, BatchFaults.Unready("This node is not ready.")),
            _ => null,
        };
    }

    private BatchAppendResp Close(Guid id, BatchedAppend append, BatchAppendResp.Types.Fault fault)
    {
        _open.TryRemove(id, out _);
        return Refused(append.Stream, fault);
    }

    // An append whose last message does not come in time is over.
    private async Task ExpireAsync(UUID correlation, BatchAppendReq.Types.Options options)
    {
        var time = options.Deadline?.ToTimeSpan() is { } asked && asked < node.Options.WriteTimeout ? asked : node.Options.WriteTimeout;
        await Task.Delay(time, node.Options.Clock, call.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_open.TryRemove(Ids.Read(correlation), out var late)) Answer(correlation, Refused(late.Stream, BatchFaults.TimedOut()));
    }

    private static BatchAppendResp Refused(StreamIdentifier? stream, BatchAppendResp.Types.Fault fault) => new() { StreamIdentifier = stream, Error = fault };

    private static BatchAppendResp Written(StreamIdentifier stream, Decision.Written written)
    {
        var success = new BatchAppendResp.Types.Success();
        if (written.Revision is { } revision) success.CurrentRevision = (ulong)revision;
        else success.NoStream = new();
        if (written.Position is { } position) success.Position = new() { CommitPosition = position, PreparePosition = position };
        else success.NoPosition = new();
        return new() { StreamIdentifier = stream, Success = success };
    }

    private static long? Expected(BatchAppendReq.Types.Options options) => options.ExpectedStreamPositionCase switch
    {
        ExpectedCase.StreamPosition => Expecting.Revision(options.StreamPosition),
        ExpectedCase.NoStream => Expecting.NoStream,
        ExpectedCase.Any => Expecting.Any,
        ExpectedCase.StreamExists => Expecting.StreamExists,
        _ => null,
    };
}

/// <summary>An append whose messages are not all there yet.</summary>
internal sealed class BatchedAppend(StreamIdentifier stream, BatchAppendReq.Types.Options options, long expected)
{
    public StreamIdentifier Stream => stream;

    public long Expected => expected;

    public List<NewRecord> Events { get; } = [];

    public int Bytes { get; private set; }

    /// <summary>False: one of them has no type, or no kind of content.</summary>
    public bool TryAdd(IEnumerable<BatchAppendReq.Types.ProposedMessage> messages)
    {
        foreach (var proposed in messages)
        {
            if (!proposed.Metadata.TryGetValue("type", out var type) || !proposed.Metadata.TryGetValue("content-type", out var contentType)) return false;
            if (type.Length == 0 || Ids.Read(proposed.Id) is var id && id == Guid.Empty) return false;
            var e = new NewRecord(id, type, contentType, proposed.Data, proposed.CustomMetadata);
            Bytes += e.Size;
            Events.Add(e);
        }

        return true;
    }

    public WrongExpectedVersion Wrong(ulong? current)
    {
        var wrong = new WrongExpectedVersion();
        if (current is { } revision) wrong.CurrentStreamRevision = revision;
        else wrong.CurrentNoStream = new();
        switch (options.ExpectedStreamPositionCase)
        {
            case ExpectedCase.NoStream:
                wrong.ExpectedNoStream = new();
                break;
            case ExpectedCase.Any:
                wrong.ExpectedAny = new();
                break;
            case ExpectedCase.StreamExists:
                wrong.ExpectedStreamExists = new();
                break;
            default:
                wrong.ExpectedStreamPosition = options.StreamPosition;
                break;
        }

        return wrong;
    }
}
