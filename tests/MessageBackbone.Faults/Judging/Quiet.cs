using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;
using MessageBackbone.Faults.Programs;

namespace MessageBackbone.Faults.Judging;

/// <summary>Waits, after everything is healed, until nothing is on its way any more and nobody has anything left to do, and then reads what each party has.</summary>
internal sealed class Quiet
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);

    private readonly House _house;
    private readonly Journal _journal;
    private readonly Officers _officers;
    private readonly TimeProvider _clock;
    private readonly Books _books;
    private readonly Operator _operator;
    private readonly string? _timeGoesOn;
    private bool _went;
    private List<Unfinished> _unfinished = [];

    /// <param name="timeGoesOn">So many seconds the node's clock is set ahead once all is accepted: what waits for a time then waits no longer, also for one that a
    /// wrong clock told. With it all steps of IMMEDIATE are waited for. Null: the clock stays.</param>
    public Quiet(House house, Journal journal, Officers officers, int? timeGoesOn, TimeProvider clock)
    {
        (_house, _journal, _officers, _clock) = (house, journal, officers, clock);
        _timeGoesOn = timeGoesOn is { } seconds ? $"{Orders.Clock} {seconds}" : null;
        _books = new Books(house, withSteps: timeGoesOn is not null);
        _operator = new Operator(house, journal, _books);
    }

    /// <summary>Returns when every outbox is empty, every receipt recorded, every delivery ended and all that is owed done, or when nothing has moved for so long.</summary>
    public async Task WaitAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var (moved, before) = (_clock.GetTimestamp(), "");
        using var timer = new PeriodicTimer(Between);
        while (true)
        {
            var now = await LookAsync(cancellationToken);
            // Twice the same: what came while the first look went on is seen by the officers at the second.
            if (_unfinished.Count == 0 && now == before) return;
            if (now != before) (before, moved) = (now, _clock.GetTimestamp());
            if (_clock.GetElapsedTime(moved) > patience) return;
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <summary>Stops the node, so that its log can be read, and reads log, outboxes and inboxes.</summary>
    public async Task<Ends> ReadAsync(CancellationToken cancellationToken)
    {
        var (outboxes, inboxes) = (new Dictionary<string, List<Queued>>(), new Dictionary<string, List<Shown>>());
        foreach (var bureau in _house.Gateways)
        {
            outboxes[bureau] = await _house[bureau].OutboxAsync(cancellationToken);
            inboxes[bureau] = await _house[bureau].InboxAsync(cancellationToken);
        }
        var holders = await HoldersAsync(outboxes, cancellationToken);
        await _house.Part(NodeProgram.Name).StopAsync(cancellationToken);
        return new Ends
        {
            Outboxes = outboxes,
            Inboxes = inboxes,
            Holders = holders,
            Files = _officers.Files,
            Log = await LogReading.ReadAsync(_house, _clock, cancellationToken),
            Unfinished = _unfinished,
        };
    }

    // What it returns changes as long as anything moves.
    private async Task<string> LookAsync(CancellationToken cancellationToken)
    {
        var (unfinished, sum) = (new List<Unfinished>(), "");
        // What officers do goes to outboxes and receipts, so they come first; and an operator's order opens deliveries again.
        unfinished.AddRange((await _officers.LookAsync(cancellationToken)).Select(text => new Unfinished("", text)));
        foreach (var bureau in _house.Gateways)
        {
            var standing = await _house[bureau].StatusAsync(cancellationToken);
            sum += $"{standing} ";
            if (standing.Waiting > 0) unfinished.Add(new("", $"{bureau} has {standing.Waiting} messages in its outbox"));
            if (standing.ReceiptsToSend > 0) unfinished.Add(new("", $"{bureau} has {standing.ReceiptsToSend} receipts that the node has not recorded"));
        }
        if (unfinished.Count == 0 && !_went && _timeGoesOn is not null)
        {
            await _house.Part(NodeProgram.Name).OrderAsync(_timeGoesOn, cancellationToken);
            _went = true;
        }
        if (!_went && _timeGoesOn is not null) unfinished.Add(new("", "time has still to go on at the node"));
        unfinished.AddRange(await _operator.LookAsync(cancellationToken));
        var (books, open) = await _books.ReadAsync(cancellationToken);
        unfinished.AddRange(open);
        _unfinished = unfinished;
        return $"{sum}{books}{unfinished.Count}";
    }

    private async Task<Dictionary<(string Reference, string Bureau), string>> HoldersAsync(Dictionary<string, List<Queued>> outboxes, CancellationToken cancellationToken)
    {
        var holders = new Dictionary<(string, string), string>();
        foreach (var sent in _journal.All.Where(sent => sent.Recalled != false))
            foreach (var queued in outboxes[sent.From].Where(queued => queued.Reference == sent.Reference && queued.State == "accepted" && !Kinds.IsControl(queued.Kind)))
                foreach (var (bureau, state) in await _house[sent.From].HoldersAsync(queued.MessageId, cancellationToken))
                    holders[(sent.Reference, bureau)] = state;
        return holders;
    }
}
