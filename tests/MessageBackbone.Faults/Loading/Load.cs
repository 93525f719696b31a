using System.Security.Cryptography;
using MessageBackbone.Faults.Houses;

namespace MessageBackbone.Faults.Loading;

/// <summary>What the bureaus send while things break: <see cref="Acts"/>, and what follows from each.</summary>
/// <param name="silent">As <see cref="Acts.Of"/> has it.</param>
internal sealed class Load(House house, Journal journal, int seed, TimeProvider clock, string silent = "")
{
    private const string DeadlineClass = "sirene";

    private static readonly TimeSpan AfterNoAnswer = TimeSpan.FromMilliseconds(250);

    // The more urgent one comes last, and waits all the same.
    private static readonly string[] BehindPrecedences = ["routine", "flash"];

    private int _number;

    /// <summary>Sends until <paramref name="stop"/>; then until what follows from that is done, or <paramref name="giveUp"/>.</summary>
    public Task RunAsync(CancellationToken stop, CancellationToken giveUp) => Task.WhenAll(house.Gateways.Select(bureau => RunAsync(bureau, stop, giveUp)));

    /// <summary>One plain message; its fate is in the journal.</summary>
    public async Task<Sent> SendAsync(string from, IReadOnlyList<string> to, string precedence, string text = "x") =>
        (await SendAsync(new Sent($"{from}/{Interlocked.Increment(ref _number)}", from, to, precedence, Taken: null), text, [])).Sent;

    private async Task RunAsync(string from, CancellationToken stop, CancellationToken giveUp)
    {
        var following = new List<Task>();
        var number = 0;
        foreach (var act in Acts.Of(seed, from, house.Gateways, silent))
        {
            await PauseAsync(act.Before, stop);
            if (stop.IsCancellationRequested) break;
            var (sent, id) = await DoAsync(from, $"{from}/{++number}", act);
            if (sent.Taken == true && act.What == What.Recalled) following.Add(RecallAsync(sent, id, act.Later, giveUp));
            if (sent.Taken == true && act.What == What.Poison) following.Add(SendBehindAsync(sent, id, giveUp));
            if (sent.Taken != true) await PauseAsync(AfterNoAnswer, stop);
        }
        await Task.WhenAll(following);
    }

    private async Task<(Sent Sent, string Id)> DoAsync(string from, string reference, Act act)
    {
        var sent = new Sent(act.What == What.Poison ? Poison.Mark(reference) : reference, from, act.To, act.Precedence, Taken: null)
        {
            What = act.What,
            Alternate = act.Alternate,
            Conversation = act.Conversation,
            Refuse = act.Refuse,
        };
        return act.What switch
        {
            What.Request => await SendAsync(sent, "x", new() { ["kind"] = "request", ["deadline_class"] = DeadlineClass }),
            What.Dated => await SendAsync(sent, "x", new() { ["deliver_by"] = clock.GetUtcNow() + act.Later }),
            What.Late => await SendAsync(sent, "x", new() { ["alternates"] = new[] { new { InsteadOf = act.To[0], Bureau = act.Alternate } } }),
            What.Poison => await SendAsync(sent, "x", new() { ["conversation"] = act.Conversation }),
            What.File => await SendFileAsync(sent, act.Size),
            _ => await SendAsync(sent, new string('x', act.Size), []),
        };
    }

    private async Task<(Sent Sent, string Id)> SendFileAsync(Sent sent, int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        // Not handed in: there is nothing to send yet.
        if (await house[sent.From].HandInAsync(bytes, CancellationToken.None) is not { } token) return (sent with { Taken = false }, "");
        return await SendAsync(sent with { FileSha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)) }, "x", new() { ["attachments"] = new[] { token } });
    }

    private async Task<(Sent Sent, string Id)> SendAsync(Sent sent, string text, Dictionary<string, object> fields)
    {
        journal.Write(sent);
        (fields["to"], fields["precedence"], fields["reference"], fields["subject"], fields["text"]) = (sent.To, sent.Precedence, sent.Reference, "s", text);
        var (taken, id) = await house[sent.From].PostAsync(fields, CancellationToken.None);
        return (journal.Update(sent.Reference, before => before with { Taken = taken }), id);
    }

    // Not before the node accepted it: the gateway says so until then.
    private async Task RecallAsync(Sent sent, string id, TimeSpan later, CancellationToken giveUp)
    {
        await PauseAsync(later, giveUp);
        while (!giveUp.IsCancellationRequested)
        {
            journal.Update(sent.Reference, before => before with { Recalled = null });
            var (taken, reason) = await house[sent.From].RecallAsync(id, CancellationToken.None);
            journal.Update(sent.Reference, before => before with { Recalled = taken });
            if (reason != Desk.NotAcceptedYet) return;
            await PauseAsync(AfterNoAnswer, giveUp);
        }
    }

    // What comes after a quarantine in the log waits for its end; what came before it may slip past.
    private async Task SendBehindAsync(Sent poison, string id, CancellationToken giveUp)
    {
        while (!await house[poison.From].IsQuarantinedAsync(id, poison.To[0], CancellationToken.None))
        {
            await PauseAsync(AfterNoAnswer, giveUp);
            if (giveUp.IsCancellationRequested) return;
        }
        foreach (var (number, precedence) in BehindPrecedences.Index())
        {
            var behind = new Sent($"{poison.Reference}/{number}", poison.From, poison.To, precedence, Taken: null) { What = What.Behind, Conversation = poison.Conversation };
            await SendAsync(behind, "x", new() { ["conversation"] = poison.Conversation });
        }
    }

    private Task PauseAsync(TimeSpan pause, CancellationToken stop) =>
        Task.Delay(pause, clock, stop).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
