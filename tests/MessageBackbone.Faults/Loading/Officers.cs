using System.Collections.Concurrent;
using MessageBackbone.Faults.Houses;

namespace MessageBackbone.Faults.Loading;

/// <summary>The officers of all bureaus that have a gateway: they open what is to be opened, answer requests and fetch files, while things break and afterwards.</summary>
internal sealed class Officers
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);

    private readonly List<Officer> _officers;
    private readonly ConcurrentDictionary<(string Reference, string Bureau), string> _files = [];

    public Officers(House house, Journal journal) => _officers = [.. house.Gateways.Select(bureau => new Officer(bureau, house[bureau], journal, _files))];

    /// <summary>(Reference, bureau) → SHA-256 of the file that came.</summary>
    public IReadOnlyDictionary<(string Reference, string Bureau), string> Files => _files;

    /// <summary>Works until cancelled, whatever gateway is away.</summary>
    public Task RunAsync(TimeProvider clock, CancellationToken stop) => Task.WhenAll(_officers.Select(async officer =>
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await officer.LookAsync(CancellationToken.None);
            }
            catch (Exception away) when (Desk.IsAway(away, CancellationToken.None))
            {
                // What was not done is done at the next look.
            }
            await Task.Delay(Between, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }));

    /// <summary>Looks once; what is left to do, in words.</summary>
    public async Task<IReadOnlyList<string>> LookAsync(CancellationToken cancellationToken)
    {
        foreach (var officer in _officers) await officer.LookAsync(cancellationToken);
        return [.. _officers.SelectMany(officer => officer.Left)];
    }
}

/// <summary>One bureau's. Used by one caller at a time.</summary>
internal sealed class Officer(string bureau, Desk desk, Journal journal, ConcurrentDictionary<(string Reference, string Bureau), string> files)
{
    private readonly Dictionary<string, Shown> _toDo = new(StringComparer.Ordinal);
    private long _after;

    public IEnumerable<string> Left => _toDo.Values.Select(shown => $"{bureau}'s officer could not open {shown.Reference}, or fetch its file");

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        while (await desk.ArrivalsAsync(_after, cancellationToken) is { Messages.Count: > 0 } page)
        {
            foreach (var shown in page.Messages)
                if (!Kinds.IsControl(shown.Kind) && journal.Find(shown.Reference)?.OpensAt(bureau) == true)
                    _toDo[shown.MessageId] = shown;
            _after = page.After;
        }
        foreach (var shown in _toDo.Values.ToList())
            if (await DoAsync(shown, journal.Find(shown.Reference)!, cancellationToken)) _toDo.Remove(shown.MessageId);
    }

    // False: again later.
    private async Task<bool> DoAsync(Shown shown, Sent sent, CancellationToken cancellationToken)
    {
        switch (await desk.OpenAsync(shown.MessageId, cancellationToken))
        {
            case null: return false;
            // Recalled meanwhile.
            case false: return true;
        }
        if (!sent.Opened.Contains(bureau)) journal.Update(sent.Reference, before => before with { Opened = [.. before.Opened, bureau] });
        if (sent.What == What.Request) await AnswerAsync(shown);
        if (sent.What != What.File) return true;
        if (await desk.FetchAsync(shown.MessageId, cancellationToken) is not { } sha256) return false;
        files[(sent.Reference, bureau)] = sha256;
        return true;
    }

    // Once: where no answer came it may be on its way, and a second one would be another message.
    private async Task AnswerAsync(Shown request)
    {
        var answer = new Sent($"{bureau}/re/{request.Reference}", bureau, [request.From], request.Precedence, Taken: null) { What = What.Answer };
        if (journal.Find(answer.Reference) is not null) return;
        journal.Write(answer);
        var fields = new Dictionary<string, object>
        {
            ["to"] = answer.To,
            ["precedence"] = answer.Precedence,
            ["kind"] = "answer",
            ["reference"] = answer.Reference,
            ["in_reply_to"] = request.MessageId,
            ["conversation"] = request.Conversation,
            ["text"] = "x",
        };
        var (taken, _) = await desk.PostAsync(fields, CancellationToken.None);
        journal.Update(answer.Reference, before => before with { Taken = taken });
    }
}

/// <summary>Kinds that the house and the gateways send by themselves. They bear the reference of the message that they are about.</summary>
internal static class Kinds
{
    public const string Order = "order.recall", Statement = "statement.recall";

    public static bool IsReport(string kind) => kind.StartsWith("report.", StringComparison.Ordinal);

    public static bool IsControl(string kind) => kind is Order or Statement || IsReport(kind);
}
