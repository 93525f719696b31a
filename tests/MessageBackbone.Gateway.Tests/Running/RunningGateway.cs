using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Running;

/// <summary>A gateway with everything that it has told since it started.</summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<GatewayEvent> _seen = [];
    private readonly IDisposable _watching;
    private TaskCompletionSource _bell = NewBell();

    private RunningGateway(GatewayHost host, GatewayOptions options)
    {
        (Host, Options) = (host, options);
        _watching = host.Observe(Hear);
    }

    public GatewayHost Host { get; }

    public GatewayOptions Options { get; }

    public GatewayParts Parts => Host.Parts;

    public IReadOnlyList<GatewayEvent> Seen
    {
        get { lock (_gate) return [.. _seen]; }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RunningGateway> StartAsync(GatewayOptions options, TimeProvider clock, CapturedLogs logs, GatewayStores? stores = null) =>
        new(await GatewayHost.StartAsync(options, clock, logs, stores ?? new GatewayStores(), Cancel), options);

    /// <summary>The first such event, of those that came or when it comes.</summary>
    public async Task<T> SeesAsync<T>(Func<T, bool>? which = null)
        where T : GatewayEvent
    {
        using var atMost = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        atMost.CancelAfter(TimeSpan.FromMinutes(2));
        while (true)
        {
            Task bell;
            lock (_gate)
            {
                if (_seen.OfType<T>().FirstOrDefault(e => which?.Invoke(e) ?? true) is { } found) return found;
                bell = _bell.Task;
            }
            await bell.WaitAsync(TimeSpan.FromSeconds(20), atMost.Token);
        }
    }

    /// <summary>All events of the kind, once there are so many.</summary>
    public async Task<IReadOnlyList<T>> SeesAsync<T>(int count, Func<T, bool>? which = null)
        where T : GatewayEvent
    {
        IReadOnlyList<T> found = [];
        await SeesAsync<T>(_ => (found = [.. _seen.OfType<T>().Where(e => which?.Invoke(e) ?? true)]).Count >= count);
        return found;
    }

    public async Task AttendsAsync()
    {
        await Host.DirectoryKnown.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        if (!Host.Attending) await SeesAsync<GatewayEvent.Attendance>(a => a.Attending);
    }

    public Task<MessageId> SendAsync(Draft draft) => Host.SendAsync(draft, "test", Cancel);

    public Task<MessageId> SendAsync(string to, string text = "Bonjour", Precedence precedence = Precedence.Routine, string reference = "") =>
        SendAsync(new Draft { To = [to], Text = text, Precedence = precedence, Reference = reference });

    public async Task<GatewayEvent> AnswerAsync(MessageId id) => await Host.WaitAnswerAsync(id, Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

    public async Task<GatewayEvent.Accepted> AcceptedAsync(MessageId id) => Assert.IsType<GatewayEvent.Accepted>(await AnswerAsync(id));

    public async Task<GatewayEvent.Received> ReceivesAsync(MessageId id) => await SeesAsync<GatewayEvent.Received>(r => r.Message == id);

    public async Task<GatewayEvent.Received> ReceivesAsync(string id) => await ReceivesAsync(MessageId.Parse(id));

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _watching.Dispose();
    }

    private void Hear(GatewayEvent happened)
    {
        TaskCompletionSource bell;
        lock (_gate)
        {
            _seen.Add(happened);
            (bell, _bell) = (_bell, NewBell());
        }
        bell.SetResult();
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
