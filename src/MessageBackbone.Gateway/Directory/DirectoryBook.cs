using MessageBackbone.Gateway.Connecting;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Directory;

/// <summary>Holds the current copy, keeps it on disk, and asks the node for more where the copy is not enough.</summary>
internal sealed class DirectoryBook(DirectoryStore store, KeyRing keys, NodeChannel node, TimeProvider clock, ILogger<DirectoryBook> log)
{
    private static readonly TimeSpan _askTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _refresh;
    private volatile DirectoryCopy _copy = DirectoryCopy.Empty;

    public DirectoryCopy Copy => _copy;

    /// <summary>Ends when the copy holds a whole directory: at once where the disk had one.</summary>
    public Task Known => _known.Task;

    public void Load()
    {
        var stored = store.Load();
        foreach (var update in stored) Apply(update);
        if (stored.Count > 0) _known.TrySetResult();
    }

    /// <summary>One change, after the whole directory came.</summary>
    public async Task ChangeAsync(DirectoryUpdate update, CancellationToken cancellationToken)
    {
        var kept = _copy.Remembering(update);
        await store.SaveAsync(kept, cancellationToken);
        Apply(kept);
    }

    /// <summary>The whole directory in place of what was known; revocations that were seen stay.</summary>
    public async Task ReplaceAsync(IReadOnlyCollection<DirectoryUpdate> whole, CancellationToken cancellationToken)
    {
        var before = _copy;
        var kept = whole.Select(before.Remembering).ToList();
        var fresh = kept.Aggregate(DirectoryCopy.Empty, (copy, update) => copy.With(update, keys.Anchor));
        await store.ReplaceAsync(kept, cancellationToken);
        lock (_gate) _copy = fresh;
        Tell(_copy);
        _known.TrySetResult();
    }

    /// <summary>Asks the node for this bureau now. Throws what the call throws.</summary>
    public async Task RefreshAsync(string bureau, CancellationToken cancellationToken)
    {
        var entry = await node.Directory.GetBureauAsync(new GetBureauRequest { Code = bureau }, deadline: Deadline(), cancellationToken: cancellationToken);
        if (entry.Code == bureau) await ChangeAsync(new DirectoryUpdate { Bureau = entry, Position = _copy.Position }, cancellationToken);
    }

    /// <summary>Asks the node for all bureaus, topics and the policy now; callers at the same time share one question. Throws what the call throws.</summary>
    public Task RefreshAllAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_refresh is null or { IsCompleted: true }) _refresh = AskAllAsync();
            return _refresh.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The topic's subscribers: the node's word now, or, where it cannot be reached, the copy's.</summary>
    public async Task<IReadOnlyList<string>> SubscribersAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await node.Directory.ResolveTopicAsync(new ResolveTopicRequest { Topic = topic }, deadline: Deadline(), cancellationToken: cancellationToken);
            return reply.Subscribers;
        }
        catch (Grpc.Core.RpcException fault) when (NodeRefusal.Of(fault) is null && !cancellationToken.IsCancellationRequested)
        {
            GatewayLog.TopicFromCopy(log, fault.StatusCode);
            return _copy.Topics.TryGetValue(topic, out var known) ? known.Subscribers : [];
        }
    }

    private async Task AskAllAsync()
    {
        var reply = await node.Directory.ListBureausAsync(new ListBureausRequest(), deadline: Deadline());
        foreach (var bureau in reply.Bureaus) await ChangeAsync(new DirectoryUpdate { Bureau = bureau }, CancellationToken.None);
        foreach (var topic in reply.Topics) await ChangeAsync(new DirectoryUpdate { Topic = topic }, CancellationToken.None);
        if (reply.Policy is not null) await ChangeAsync(new DirectoryUpdate { Policy = reply.Policy }, CancellationToken.None);
    }

    private void Apply(DirectoryUpdate update)
    {
        lock (_gate) _copy = _copy.With(update, keys.Anchor);
        if (update.Bureau is { } bureau && _copy.Bureaus.TryGetValue(bureau.Code, out var known)) Tell(known);
    }

    private void Tell(DirectoryCopy copy)
    {
        foreach (var bureau in copy.Bureaus.Values) Tell(bureau);
    }

    private void Tell(KnownBureau bureau)
    {
        foreach (var certificate in bureau.KeptOut) GatewayLog.CertificateKeptOut(log, bureau.Code, certificate.Sha256, certificate.Problem);
    }

    private DateTime Deadline() => clock.GetUtcNow().UtcDateTime + _askTimeout;
}
