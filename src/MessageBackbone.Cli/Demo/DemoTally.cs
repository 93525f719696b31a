using MessageBackbone.Gateway;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Demo;

/// <summary>What the gateways say happened, by message and recipient. Called from their threads; asked from the demo's.</summary>
internal sealed class DemoTally(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Sending> _sent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _accepted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _refused = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _replacedBy = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Id, string Bureau), long> _received = [];
    private readonly Dictionary<(string Id, string Bureau), DeliveryOutcome> _recorded = [];
    private readonly HashSet<(string Id, string Bureau)> _files = [];
    private TaskCompletionSource _change = Fresh();

    /// <summary>The first message that reached an inbox.</summary>
    public Task<(string Bureau, GatewayEvent.Received Event)> First => _first.Task;

    private readonly TaskCompletionSource<(string, GatewayEvent.Received)> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the next change; ask before looking.</summary>
    public Task Changed()
    {
        lock (_gate) return _change.Task;
    }

    public void Sent(MessageId id, Drawn drawn, long since)
    {
        lock (_gate) _sent[id.Value] = new Sending(drawn, since);
        Move();
    }

    public void Note(string bureau, GatewayEvent happened)
    {
        var now = clock.GetTimestamp();
        lock (_gate)
        {
            if (happened is GatewayEvent.Accepted accepted) _accepted.TryAdd(accepted.Message.Value, now);
            else if (happened is GatewayEvent.Refused refused) _refused[refused.Message.Value] = refused.Reason;
            else if (happened is GatewayEvent.Replaced replaced) _replacedBy[replaced.Message.Value] = replaced.By.Value;
            else if (happened is GatewayEvent.Received { Repeated: false, Outcome: DeliveryOutcome.Delivered } received)
                _received.TryAdd((received.Message.Value, bureau), now);
            else if (happened is GatewayEvent.AttachmentHere file) _files.Add((file.Message.Value, bureau));
            else if (happened is GatewayEvent.ReceiptRecorded { Outcome: not DeliveryOutcome.Opened } recorded)
                _recorded[(recorded.Message.Value, bureau)] = recorded.Outcome;
        }
        if (happened is GatewayEvent.Received { Outcome: DeliveryOutcome.Delivered } first) _first.TrySetResult((bureau, first));
        Move();
    }

    /// <summary>How it stands now.</summary>
    public DemoState State()
    {
        lock (_gate)
        {
            var state = new DemoState();
            foreach (var (first, sending) in _sent)
            {
                var id = first;
                while (_replacedBy.TryGetValue(id, out var by)) id = by;
                state.Add(id, sending.Drawn, Since(sending, _accepted.GetValueOrDefault(id)), _refused.GetValueOrDefault(id),
                    bureau => Since(sending, _received.GetValueOrDefault((id, bureau))), bureau =>
                    _recorded.ContainsKey((id, bureau)) && (sending.Drawn.Item.LargeFile is null || _files.Contains((id, bureau))));
            }
            return state;
        }
    }

    private double? Since(Sending sending, long then) => then == 0 ? null : clock.GetElapsedTime(sending.Since, then).TotalMilliseconds;

    private void Move()
    {
        TaskCompletionSource change;
        lock (_gate) (change, _change) = (_change, Fresh());
        change.TrySetResult();
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Sending(Drawn Drawn, long Since);
}

/// <summary>A moment of the demo: what was accepted and refused, what is delivered and receipted, and how long it took.</summary>
internal sealed class DemoState
{
    /// <summary>Every delivery that the accepted messages ask for.</summary>
    public HashSet<(string Id, string Bureau)> Expected { get; } = [];

    public List<(string Item, string Reason)> Refused { get; } = [];

    public int Accepted { get; private set; }

    public int Unanswered { get; private set; }

    public int Recorded { get; private set; }

    public List<double> AcceptMs { get; } = [];

    public List<double> EndToEndMs { get; } = [];

    public bool IsComplete => Unanswered == 0 && Recorded == Expected.Count;

    public void Add(string id, Drawn drawn, double? acceptMs, string? refused, Func<string, double?> receivedMs, Func<string, bool> recorded)
    {
        if (refused is not null) Refused.Add((drawn.Item.Name, refused));
        else if (acceptMs is not { } took) Unanswered++;
        else
        {
            Accepted++;
            AcceptMs.Add(took);
            foreach (var bureau in drawn.To.Concat(drawn.Info))
            {
                Expected.Add((id, bureau));
                if (receivedMs(bureau) is { } reached) EndToEndMs.Add(reached);
                if (recorded(bureau)) Recorded++;
            }
        }
    }
}
