using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using Options = MessageBackbone.EventLog.EventStoreDb.Wire.ReadReq.Types.Options;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>Single calls of the protocol, and what the server says to them in a few words: no sentence of a server, only what a client can act on.</summary>
internal sealed class RawCalls : IDisposable
{
    public const long Any = -2, Exists = -4, Unsaid = -9;

    private static readonly string[] Plumbing = ["date", "server", "content-length", "grpc-status", "grpc-message"];

    private readonly GrpcChannel _channel;
    private readonly Streams.StreamsClient _streams;

    public RawCalls(string connectionString)
    {
        var host = ConnectionString.Parse(connectionString).Hosts[0];
        _channel = GrpcChannel.ForAddress($"http://{ConnectionString.Show(host)}", new() { MaxReceiveMessageSize = 16 << 20 });
        _streams = new(_channel);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static string NewStream() => $"raw-{Guid.NewGuid():N}";

    public static Guid[] NewIds(int count) => [.. Enumerable.Range(0, count).Select(_ => Guid.NewGuid())];

    public static RawAppend Append(string stream, long expected, Guid[] ids) => new(stream, expected, ids);

    public static Options Stream(string name, ulong? from, ulong count = 9, bool backwards = false)
    {
        var options = NewPage(count, backwards);
        options.Stream = new() { StreamIdentifier = WireIds.Stream(name) };
        if (from is { } revision) options.Stream.Revision = revision;
        else options.Stream.End = new();
        return options;
    }

    /// <param name="from">0: the start; null: the end.</param>
    public static Options All(string stream, ulong? from, ulong count = 9, bool backwards = false)
    {
        var options = NewPage(count, backwards);
        options.Filter = new() { StreamIdentifier = new() { Regex = stream == "(" ? stream : $"^{stream}$" }, Max = 4_096, CheckpointIntervalMultiplier = 1 };
        options.All = from switch
        {
            0 => new() { Start = new() },
            null => new() { End = new() },
            { } position => new() { Position = new() { CommitPosition = position, PreparePosition = position } },
        };
        return options;
    }

    public static List<BatchAppendReq> Message(RawAppend append, bool final = true)
    {
        var message = new BatchAppendReq { CorrelationId = Guid.NewGuid().ToWire(), Options = new() { StreamIdentifier = WireIds.Stream(append.Stream) }, IsFinal = final };
        message.Options.Deadline = new() { Seconds = 30 };
        switch (append.Expected)
        {
            case Any:
                message.Options.Any = new();
                break;
            case Exists:
                message.Options.StreamExists = new();
                break;
            case -1:
                message.Options.NoStream = new();
                break;
            case >= 0:
                message.Options.StreamPosition = (ulong)append.Expected;
                break;
        }

        foreach (var id in append.Ids)
        {
            var proposed = new BatchAppendReq.Types.ProposedMessage { Id = id.ToWire(), Data = ByteString.CopyFrom(new byte[append.Bytes]) };
            append.Describe(proposed.Metadata);
            message.ProposedMessages.Add(proposed);
        }

        return [message];
    }

    public Task<string> Single(RawAppend append)
    {
        var options = new AppendReq.Types.Options { StreamIdentifier = WireIds.Stream(append.Stream) };
        switch (append.Expected)
        {
            case Any:
                options.Any = new();
                break;
            case Exists:
                options.StreamExists = new();
                break;
            case -1:
                options.NoStream = new();
                break;
            case >= 0:
                options.Revision = (ulong)append.Expected;
                break;
        }

        return SendAsync(options, append);
    }

    public Task<string> SingleAtNumber(string stream, ulong revision) =>
        SendAsync(new() { StreamIdentifier = WireIds.Stream(stream), Revision = revision }, Append(stream, 0, NewIds(1)));

    public Task<string> SetMetadata(string stream, string json, string contentType = "application/json") => SendAsync(
        new() { StreamIdentifier = WireIds.Stream("$$" + stream), Any = new() },
        Append("", Any, NewIds(1)) with { Type = "$metadata", ContentType = contentType, Text = json });

    /// <summary>Sends messages on one call and returns what is said to them; the status of the call when it ends.</summary>
    public Task<List<string>> Batch(IEnumerable<BatchAppendReq> messages, int answers) => SaidAsync(messages, answers);

    public async Task<string> Read(Options options)
    {
        try
        {
            using var call = _streams.Read(new() { Options = options }, cancellationToken: Cancel);
            var said = new List<string>();
            while (await call.ResponseStream.MoveNext(Cancel)) said.Add(Words(call.ResponseStream.Current));
            return string.Join(' ', said);
        }
        catch (RpcException e)
        {
            return Words(e);
        }
    }

    public async Task<List<ulong>> Positions(string stream)
    {
        using var call = _streams.Read(new() { Options = Stream(stream, 0) }, cancellationToken: Cancel);
        var positions = new List<ulong>();
        while (await call.ResponseStream.MoveNext(Cancel)) positions.Add(call.ResponseStream.Current.Event.CommitPosition);
        return positions;
    }

    public async Task<ulong> EndAsync()
    {
        var options = NewPage(1, backwards: true);
        (options.All, options.NoFilter) = (new() { End = new() }, new());
        using var call = _streams.Read(new() { Options = options }, cancellationToken: Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        return call.ResponseStream.Current.Event.CommitPosition;
    }

    public RawSubscription Subscribe(string stream)
    {
        var options = All(stream, null);
        options.Subscription = new();
        return new(_streams.Read(new() { Options = options }, cancellationToken: Cancel));
    }

    public void Dispose() => _channel.Dispose();

    internal static string Words(ReadResp answer) => answer.ContentCase switch
    {
        ReadResp.ContentOneofCase.Event => $"{answer.Event.Event.StreamRevision}",
        ReadResp.ContentOneofCase.StreamNotFound => "missing",
        ReadResp.ContentOneofCase.Confirmation => "confirmed",
        _ => "",
    };

    internal static string Words(RpcException fault)
    {
        var trailers = fault.Trailers.Where(t => !Plumbing.Contains(t.Key)).Select(t => $" {t.Key}={t.Value}").Order(StringComparer.Ordinal);
        return fault.StatusCode + string.Concat(trailers);
    }

    private async Task<string> SendAsync(AppendReq.Types.Options options, RawAppend append)
    {
        try
        {
            using var call = _streams.Append(cancellationToken: Cancel);
            try
            {
                await call.RequestStream.WriteAsync(new() { Options = options }, Cancel);
                foreach (var id in append.Ids)
                {
                    var data = append.Text is { } text ? ByteString.CopyFromUtf8(text) : ByteString.CopyFrom(new byte[append.Bytes]);
                    var proposed = new AppendReq.Types.ProposedMessage { Id = id.ToWire(), Data = data };
                    append.Describe(proposed.Metadata);
                    await call.RequestStream.WriteAsync(new() { ProposedMessage = proposed }, Cancel);
                }

                await call.RequestStream.CompleteAsync();
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException)
            {
                // The server refused before it had heard everything: it says why below.
            }

            var answer = await call;
            if (answer.WrongExpectedVersion is { } wrong)
                return wrong.CurrentRevisionOptionCase == AppendResp.Types.WrongExpectedVersion.CurrentRevisionOptionOneofCase.CurrentRevision
                    ? $"wrong {wrong.CurrentRevision}"
                    : "wrong none";
            var at = answer.Success.CurrentRevisionOptionCase == AppendResp.Types.Success.CurrentRevisionOptionOneofCase.CurrentRevision
                ? $"at {answer.Success.CurrentRevision}"
                : "at none";
            return append.SaysPosition && answer.Success.Position is null ? $"{at}, position unsaid" : at;
        }
        catch (RpcException e)
        {
            return Words(e);
        }
    }

    private async Task<List<string>> SaidAsync(IEnumerable<BatchAppendReq> messages, int answers)
    {
        var said = new List<string>();
        using var call = _streams.BatchAppend(cancellationToken: Cancel);
        try
        {
            foreach (var message in messages) await call.RequestStream.WriteAsync(message, Cancel);
            while (said.Count < answers && await call.ResponseStream.MoveNext(Cancel)) said.Add(Words(call.ResponseStream.Current));
        }
        catch (RpcException e)
        {
            said.Add(Words(e));
        }

        return said;
    }

    private static string Words(BatchAppendResp answer)
    {
        if (answer.Success is { } success)
            return success.CurrentRevisionOptionCase == BatchAppendResp.Types.Success.CurrentRevisionOptionOneofCase.CurrentRevision ? $"at {success.CurrentRevision}" : "at none";
        var (details, name) = (answer.Error.Details, answer.Error.Details.TypeUrl.Split('.')[^1]);
        return $"fault {answer.Error.Code} {name}" + name switch
        {
            nameof(MaximumAppendSizeExceeded) => $" {details.Unpack<MaximumAppendSizeExceeded>().MaxAppendSize}",
            nameof(WrongExpectedVersion) when details.Unpack<WrongExpectedVersion>() is var wrong =>
                wrong.CurrentStreamRevisionOptionCase == WrongExpectedVersion.CurrentStreamRevisionOptionOneofCase.CurrentStreamRevision
                    ? $" {wrong.CurrentStreamRevision}"
                    : " none",
            _ => "",
        };
    }

    private static Options NewPage(ulong count, bool backwards) => new()
    {
        Count = count,
        NoFilter = new(),
        UuidOption = new() { Structured = new() },
        ReadDirection = backwards ? Options.Types.ReadDirection.Backwards : Options.Types.ReadDirection.Forwards,
    };
}

internal sealed record RawAppend(string Stream, long Expected, Guid[] Ids)
{
    public string? Type { get; init; } = "t";

    public string? ContentType { get; init; } = "application/octet-stream";

    public int Bytes { get; init; } = 1;

    public string? Text { get; init; }

    public bool SaysPosition { get; init; }

    public void Describe(IDictionary<string, string> metadata)
    {
        if (Type is not null) metadata["type"] = Type;
        if (ContentType is not null) metadata["content-type"] = ContentType;
    }
}

internal sealed class RawSubscription(AsyncServerStreamingCall<ReadResp> call) : IAsyncDisposable
{
    /// <summary>What comes next; the status when the subscription ends.</summary>
    public async Task<string> NextAsync()
    {
        try
        {
            return await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken) ? RawCalls.Words(call.ResponseStream.Current) : "OK";
        }
        catch (RpcException e)
        {
            return RawCalls.Words(e);
        }
    }

    public ValueTask DisposeAsync()
    {
        call.Dispose();
        return default;
    }
}
