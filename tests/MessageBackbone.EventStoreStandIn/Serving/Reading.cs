using System.Text.RegularExpressions;
using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using MessageBackbone.EventStoreStandIn.Storing;
using AllCase = MessageBackbone.EventLog.EventStoreDb.Wire.ReadReq.Types.Options.Types.AllOptions.AllOptionOneofCase;
using Options = MessageBackbone.EventLog.EventStoreDb.Wire.ReadReq.Types.Options;
using Record = MessageBackbone.EventLog.EventStoreDb.Wire.ReadResp.Types.ReadEvent.Types.RecordedEvent;
using RevisionCase = MessageBackbone.EventLog.EventStoreDb.Wire.ReadReq.Types.Options.Types.StreamOptions.RevisionOptionOneofCase;

namespace MessageBackbone.EventStoreStandIn.Serving;

/// <summary>A page of one stream or of all events.</summary>
internal sealed class Reading(StandIn node)
{
    public async Task RunAsync(Options options, Caller caller, IServerStreamWriter<ReadResp> answers, CancellationToken cancellationToken)
    {
        if (options.StreamOptionCase == Options.StreamOptionOneofCase.None) throw Refusals.Invalid("A read names a stream, or all.");
        var ofAll = options.StreamOptionCase == Options.StreamOptionOneofCase.All;
        if (!(ofAll ? caller.MayReadAll : caller.MayUseStreams)) throw Refusals.AccessDenied();
        if (!ofAll && options.FilterOptionCase != Options.FilterOptionOneofCase.NoFilter) throw Refusals.Invalid("A stream is read without a filter.");
        if (node.Faults.NotReady) throw Refusals.NotReady();
        if (caller.RequiresLeader && !node.Leads) throw Refusals.NotLeader(node.Cluster.Leader);
        // A page of none is never finished.
        if (ofAll && options.Count == 0) await Task.Delay(Timeout.Infinite, cancellationToken);
        foreach (var answer in ofAll ? All(options) : Stream(options)) await answers.WriteAsync(answer, cancellationToken);
    }

    /// <summary>The streams that a filter selects; null: all.</summary>
    public static Regex? Streams(Options options) => options.FilterOptionCase switch
    {
        Options.FilterOptionOneofCase.NoFilter => null,
        Options.FilterOptionOneofCase.Filter when options.Filter.StreamIdentifier is { Regex.Length: > 0 } filter => Expression(filter.Regex),
        _ => throw new RpcException(new(StatusCode.Unimplemented, "The stand-in filters by a regular expression of the stream's name alone.")),
    };

    public static ReadResp Answer(Record record) => new() { Event = new() { Event = record, CommitPosition = record.CommitPosition } };

    private IEnumerable<ReadResp> Stream(Options options)
    {
        var (stream, backwards) = (options.Stream.StreamIdentifier.StreamName.ToStringUtf8(), options.ReadDirection == Options.Types.ReadDirection.Backwards);
        var from = options.Stream.RevisionOptionCase switch
        {
            RevisionCase.Revision => options.Stream.Revision,
            RevisionCase.End => ulong.MaxValue,
            _ => 0UL,
        };
        if (stream.Length == 0) throw Refusals.Failed("A stream has a name.");
        if (options.Count == 0 || (!backwards && from > long.MaxValue)) throw Refusals.Failed("A page has an event, and begins at one.");
        var page = node.Store.ReadStream(stream, (long)Math.Min(from, long.MaxValue), Most(options), backwards);
        if (page.Kind == StreamPageKind.Deleted) throw Refusals.Deleted(stream);
        if (page.Kind == StreamPageKind.NotFound) return [new() { StreamNotFound = new() { StreamIdentifier = options.Stream.StreamIdentifier } }];
        return page.Events.Select(Answer);
    }

    private IEnumerable<ReadResp> All(Options options)
    {
        var backwards = options.ReadDirection == Options.Types.ReadDirection.Backwards;
        var at = (options.All.AllOptionCase, backwards) switch
        {
            (AllCase.Position, _) => Position(options.All.Position),
            (AllCase.End, true) or (AllCase.Start, false) => default(ulong?),
            (AllCase.End, false) => ulong.MaxValue,
            _ => 0UL,
        };
        var page = node.Store.ReadAll(at, Most(options), backwards, Streams(options)) ?? throw Refusals.Failed("No event begins at this position.");
        return page.Select(Answer);
    }

    private static ulong Position(Options.Types.Position position) =>
        position.PreparePosition > position.CommitPosition || position.CommitPosition is > long.MaxValue and < ulong.MaxValue
            ? throw Refusals.Failed("There is no such position.")
            : position.CommitPosition;

    private static int Most(Options options) => (int)Math.Min(options.Count, int.MaxValue);

    private static Regex Expression(string text)
    {
        try
        {
            return new(text, RegexOptions.None, Timeout.InfiniteTimeSpan);
        }
        catch (ArgumentException e)
        {
            throw Refusals.Failed(e.Message);
        }
    }
}
