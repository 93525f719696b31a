using MessageBackbone.Gateway;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Demo;

/// <summary>Hands the drawn messages to their gateways, waits for every receipt, and checks what came of it.</summary>
internal sealed class DemoRun(DemoHouse house, DemoTally tally, TimeProvider clock)
{
    /// <summary>Messages handed in and not answered at a time: enough to keep the rooms busy, few enough that a latency is no queue's length.</summary>
    private const int InFlight = 8;

    /// <summary>Nothing happened for so long: what is missing then is lost.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    /// <summary>From the first send to the last recorded receipt.</summary>
    public TimeSpan Took { get; private set; }

    public async Task<DemoState> SendAllAsync(IReadOnlyList<Drawn> drawn, CancellationToken stop)
    {
        var began = clock.GetTimestamp();
        await SendAsync(drawn.Where(d => d.Item.Answers is null), stop);
        await SendAsync(drawn.Where(d => d.Item.Answers is not null), stop);
        var state = await SettledAsync(stop);
        Took = clock.GetElapsedTime(began);
        return state;
    }

    public async Task<DemoAudit> AuditAsync(CancellationToken stop)
    {
        var audit = new DemoAudit(house.Pki.OpenTrustAnchor(), house.LogKey());
        using var auditor = house.ConnectAs(HolderRole.Auditor);
        await audit.ReadAsync(auditor, stop);
        return audit;
    }

    private Task SendAsync(IEnumerable<Drawn> drawn, CancellationToken stop) =>
        Parallel.ForEachAsync(drawn, new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = stop }, async (one, token) =>
        {
            var gateway = house.Gateways[one.From];
            var since = clock.GetTimestamp();
            var draft = Draft(one);
            if (one.Item.LargeFile is not null) draft = draft with { Attachments = [await one.Item.AttachAsync(gateway, token)] };
            var id = await gateway.SendAsync(draft, "demo", token);
            tally.Sent(id, one, since);
            lock (_ids) _ids[one.Item.Name] = id.Value;
            await gateway.WaitAnswerAsync(id, token);
        });

    private Draft Draft(Drawn one)
    {
        string request = "";
        if (one.Item.Answers is { } name)
            lock (_ids) request = _ids.GetValueOrDefault(name, "");
        return one.Item.Draft() with { To = one.To, Info = one.Info, Precedence = one.Precedence, InReplyTo = request, ConversationId = request, Exercise = true };
    }

    private async Task<DemoState> SettledAsync(CancellationToken stop)
    {
        while (true)
        {
            var changed = tally.Changed();
            var state = tally.State();
            if (state.IsComplete) return state;
            try
            {
                await changed.WaitAsync(Patience, clock, stop);
            }
            catch (TimeoutException)
            {
                return state;
            }
        }
    }
}
