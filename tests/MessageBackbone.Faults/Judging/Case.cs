using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>Ends that a test makes up: what is not said otherwise went well. A message's id is its reference.</summary>
internal sealed class Case
{
    private readonly Dictionary<string, List<Queued>> _outboxes = Each<Queued>();
    private readonly Dictionary<string, List<Shown>> _inboxes = Each<Shown>();
    private readonly List<Logged> _messages = [];
    private readonly List<Walk> _walks = [];
    private readonly Dictionary<(string, string), string> _files = [], _holders = [];

    /// <summary>Numbers that were given before, to what is not in this log.</summary>
    public ulong Numbered { get; init; }

    public Ends Ends => new()
    {
        Outboxes = _outboxes,
        Inboxes = _inboxes,
        Files = _files,
        Holders = _holders,
        Log = new NodeLog(_messages, _walks),
        Unfinished = [],
    };

    public List<Shown> Inbox(string bureau) => _inboxes[bureau];

    public Case Keep(Sent sent, string state = "accepted", string reason = "")
    {
        _outboxes[sent.From].Add(new Queued(sent.Reference, state, sent.Reference, reason));
        return this;
    }

    public Case Send(Sent sent, bool shown = true, string id = "", string kind = "text", string inReplyTo = "")
    {
        if (id.Length == 0) Keep(sent);
        return Accept(new Logged(id.Length > 0 ? id : sent.Reference, sent.From, kind, sent.Reference, sent.Conversation, inReplyTo), sent.Precedence, sent.To, shown);
    }

    public Case Happen(string id, string bureau, Happened what, string detail = "", string eventId = "") =>
        Happen(id, bureau, new Fact(what, detail, eventId, eventId.Length > 0));

    public Case Show(string bureau, string id, ulong number)
    {
        var walk = _walks.FirstOrDefault(walk => walk.Message.Id == id);
        _inboxes[bureau].Add(new Shown(id, "FR", walk?.Precedence ?? "flash", walk?.Message.Kind ?? "text", walk?.Message.Reference ?? id, number));
        return this;
    }

    public Case Open(string bureau, Sent sent, bool told = true)
    {
        Change(bureau, sent, shown => shown with { OpenedAt = DateTimeOffset.UnixEpoch });
        return told ? Happen(sent.Reference, bureau, Happened.Opened) : this;
    }

    public Case MarkRecalled(string bureau, Sent sent, string state)
    {
        Change(bureau, sent, shown => shown with { Recall = state });
        return this;
    }

    /// <summary>The order to recall it, and what its recipient states.</summary>
    public Case Order(Sent sent, string state, bool stated = true)
    {
        Accept(new Logged("order", sent.From, Kinds.Order, sent.Reference, "", sent.Reference), sent.Precedence, sent.To, shown: true);
        _holders[(sent.Reference, sent.To[0])] = state;
        return stated ? State(sent, "statement") : this;
    }

    public Case State(Sent sent, string id) =>
        Accept(new Logged(id, sent.To[0], Kinds.Statement, sent.Reference, "", "order"), sent.Precedence, [sent.From], shown: true);

    /// <summary>What the house says of an event.</summary>
    public Case Report(string id, string to) => Accept(new Logged(id, "HOUSE", "report.nondelivery", "FR/1"), "priority", [to], shown: true);

    public Case Begin(Sent sent, string bureau, bool shown) => Begin(_messages.First(message => message.Reference == sent.Reference), sent.Precedence, bureau, shown);

    public Case File(Sent sent, string sha256)
    {
        _files[(sent.Reference, sent.To[0])] = sha256;
        return this;
    }

    private Case Accept(Logged message, string precedence, IReadOnlyList<string> to, bool shown)
    {
        _messages.Add(message);
        foreach (var bureau in to) Begin(message, precedence, bureau, shown);
        return this;
    }

    private Case Begin(Logged message, string precedence, string bureau, bool shown)
    {
        var number = Numbered + 1 + (ulong)_walks.Count(walk => walk.Bureau == bureau && walk.Precedence == precedence);
        _walks.Add(new Walk(message, bureau, precedence, number, new List<Fact>()));
        return shown ? Happen(message.Id, bureau, new Fact(Happened.Delivered)).Show(bureau, message.Id, number) : this;
    }

    private Case Happen(string id, string bureau, Fact fact)
    {
        ((List<Fact>)_walks.First(walk => walk.Message.Id == id && walk.Bureau == bureau).Facts).Add(fact);
        return this;
    }

    private void Change(string bureau, Sent sent, Func<Shown, Shown> change)
    {
        var inbox = _inboxes[bureau];
        var i = inbox.FindIndex(shown => shown.Reference == sent.Reference);
        inbox[i] = change(inbox[i]);
    }

    private static Dictionary<string, List<T>> Each<T>() => new[] { "DE", "ES", "FR" }.ToDictionary(bureau => bureau, _ => new List<T>());
}
