using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.LocalApi;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Protocol.Identities;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Gateway;

/// <summary>
/// A bureau's gateway: it sends, receives and serves the local API until it is stopped. Several can run in one process, each with a data folder of its own.
/// </summary>
/// <remarks>It starts without a node: then it accepts what its copy of the directory can address, and sends it when the node can be reached.</remarks>
public sealed class GatewayHost : IAsyncDisposable
{
    private readonly GatewayParts _parts;
    private readonly LocalServer _server;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task[] _running;
    private readonly ILogger<GatewayHost> _log;
    private int _stopped;

    private GatewayHost(GatewayParts parts, LocalServer server, ILogger<GatewayHost> log)
    {
        (_parts, _server, _log) = (parts, server, log);
        // Without a line nobody is called: what waits goes by file.
        _running = parts.Options.WithoutLine ?
        [
            Task.Run(() => parts.KeyWatch.RunAsync(_stopping.Token), CancellationToken.None),
            Task.Run(() => parts.Staging.RunAsync(_stopping.Token), CancellationToken.None),
        ] :
        [
            Task.Run(() => parts.KeyWatch.RunAsync(_stopping.Token), CancellationToken.None),
            Task.Run(() => parts.Sender.RunAsync(_stopping.Token), CancellationToken.None),
            Task.Run(() => parts.Follower.RunAsync(_stopping.Token), CancellationToken.None),
            Task.Run(() => parts.Uploads.RunAsync(_stopping.Token), CancellationToken.None),
            Task.Run(() => parts.Fetching.RunAsync(_stopping.Token), CancellationToken.None),
            Task.Run(() => parts.Staging.RunAsync(_stopping.Token), CancellationToken.None),
            Task.Run(() => parts.Attendance.RunAsync(_stopping.Token), CancellationToken.None),
        ];
    }

    public BureauCode Bureau => _parts.Keys.Bureau;

    /// <summary>Where the local API listens, with the real port.</summary>
    public Uri LocalAddress => _server.Address;

    /// <summary>Ends when the gateway knows a whole directory: at once where an earlier run left one on disk.</summary>
    public Task DirectoryKnown => _parts.Directory.Known;

    /// <summary>The rooms, for what looks into them in the same process.</summary>
    internal GatewayParts Parts => _parts;

    /// <summary>The bureau attends now.</summary>
    public bool Attending => _parts.Attendance.Attending;

    /// <summary>Throws <see cref="System.ComponentModel.DataAnnotations.ValidationException"/> or <see cref="ArgumentException"/> for what cannot be run with.</summary>
    public static Task<GatewayHost> StartAsync(GatewayOptions options, TimeProvider clock, ILoggerFactory? logs, CancellationToken cancellationToken) =>
        StartAsync(options, clock, logs, new GatewayStores(), cancellationToken);

    internal static async Task<GatewayHost> StartAsync(
        GatewayOptions options, TimeProvider clock, ILoggerFactory? logs, GatewayStores stores, CancellationToken cancellationToken)
    {
        options.Validate();
        var factory = logs ?? NullLoggerFactory.Instance;
        var parts = GatewayParts.Build(options, clock, factory, stores);
        try
        {
            var server = await LocalServer.StartAsync(parts, factory, cancellationToken);
            var log = factory.CreateLogger<GatewayHost>();
            GatewayLog.Started(log, options.Bureau, server.Address, options.Node);
            return new GatewayHost(parts, server, log);
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Checks, seals, signs and stores the draft. When it returns, the message survives a crash and will be submitted until the node has answered.
    /// Throws <see cref="DraftRefusedException"/> when it is not sent.
    /// </summary>
    /// <param name="user">Who sends it, for the bureau's own record.</param>
    public Task<MessageId> SendAsync(Draft draft, string user, CancellationToken cancellationToken) => _parts.Posting.SendAsync(draft, user, cancellationToken);

    /// <summary>
    /// Encrypts a file and keeps it for one message that names it in <see cref="Draft.Attachments"/>. Throws <see cref="DraftRefusedException"/> when it is not kept.
    /// </summary>
    public Task<StagedAttachment> AttachAsync(Stream plain, string name, string mediaType, CancellationToken cancellationToken) =>
        _parts.Staging.StageAsync(plain, name, mediaType, cancellationToken);

    /// <summary>The attachments of an opened message, and what is here of each.</summary>
    public IReadOnlyList<AttachmentState> AttachmentsOf(OpenedMessage opened) => _parts.Releasing.Of(opened);

    /// <summary>Opens a message of the inbox; null when there is none with this id. The first opening is receipted to the sender.</summary>
    public Task<OpenedMessage?> OpenAsync(MessageId id, string officer, CancellationToken cancellationToken) => _parts.Opening.OpenAsync(id, officer, cancellationToken);

    /// <summary>Calls the observer at each event from now on, on the thread where it arises, until the subscription is disposed. It must be quick and not throw.</summary>
    public IDisposable Observe(Action<GatewayEvent> observer) => _parts.Observers.Add(observer);

    /// <summary>Ends when the node's answer to the message is stored: Accepted or Refused, also when it was signed again under a new id.</summary>
    public Task<GatewayEvent> WaitAnswerAsync(MessageId id, CancellationToken cancellationToken) => AnswerWait.ForAsync(_parts, id, cancellationToken);

    /// <summary>Stops receiving, sending and the local API. What is not answered waits on disk.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 1) return;
        await _server.DisposeAsync();
        await _stopping.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _parts.DisposeAsync();
        _stopping.Dispose();
        GatewayLog.Stopped(_log, Bureau.Value);
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
