using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Browser.Houses;

/// <summary>The house that most tests look at, started once: a node on a real broker; FR, DE and ES attend with real gateways; GB takes part and does not attend; IT's
/// gateway keeps apart what comes. Messages of every precedence are on their way, some opened, one of an exercise, one request without an answer, one conversation.</summary>
public sealed class WatchedHouse : IAsyncLifetime
{
    public const string Name = "watched house";

    private readonly RabbitMqFixture _broker = new();
    private Watch? _watch;
    private Gateways? _gateways;

    internal Watch Watch => _watch!;

    internal House House => Watch.House;

    internal Gateways Gateways => _gateways!;

    /// <summary>From FR to DE, FLASH, opened.</summary>
    internal string Opened { get; private set; } = "";

    /// <summary>From FR to GB, IMMEDIATE: nobody fetches it.</summary>
    internal string Waiting { get; private set; } = "";

    /// <summary>From DE to FR, of an exercise.</summary>
    internal string Exercise { get; private set; } = "";

    /// <summary>From FR to DE, with a deadline.</summary>
    internal string Request { get; private set; } = "";

    /// <summary>From FR to IT, kept apart there.</summary>
    internal string Quarantined { get; private set; } = "";

    internal string Conversation { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        _watch = await Watch.OpenAsync(
            options =>
            {
                options.RabbitMq = _broker.Address.ToString();
                options.Dashboard.SilentAfter = TimeSpan.Zero;
                options.Escalation.Immediate.Within = TimeSpan.FromSeconds(1);
            },
            "FR", "DE", "ES", "GB", "IT");
        foreach (var holder in (Holder[])[Watch.Operator, Watch.Auditor, new(HolderRole.Operator, "operator-2")]) await House.AddAsync(holder);
        await House.AllowTopicAsync("stolen-vehicles", "FR", "DE");
        await House.SetPolicyAsync(new ExchangeRule { From = "ES", To = "GB", Kinds = { "fingerprint" }, Effect = ExchangeEffect.Deny });
        _gateways = new Gateways(House);
        foreach (var bureau in (string[])["FR", "DE", "ES"]) await _gateways.AttendAsync(bureau);
        await SendAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateways is not null) await _gateways.DisposeAsync();
        if (_watch is not null) await _watch.DisposeAsync();
        await _broker.DisposeAsync();
    }

    internal Task<string> SendAsync(string from, string to, Precedence precedence, Func<Draft, Draft>? change = null)
    {
        var draft = new Draft { To = [to], Text = "Vehicle crossed the border at 14:05", Precedence = precedence };
        return Gateways.SendAsync(from, change?.Invoke(draft) ?? draft);
    }

    private async Task SendAsync()
    {
        Opened = await SendAsync("FR", "DE", Precedence.Flash, draft => draft with { Reference = "FR-2031-77" });
        await SendAsync("ES", "FR", Precedence.Immediate);
        await SendAsync("ES", "DE", Precedence.Priority);
        Exercise = await SendAsync("DE", "FR", Precedence.Routine, draft => draft with { Exercise = true });
        Waiting = await SendAsync("FR", "GB", Precedence.Immediate);
        Request = await SendAsync("FR", "DE", Precedence.Priority, draft => draft with { Kind = "request", DeadlineClass = "hit-urgent" });
        await ConverseAsync();
        Quarantined = await SendAsync("FR", "IT", Precedence.Routine, draft => draft with { ConversationId = Guid.CreateVersion7().ToString() });
        await KeepsApart.OneAsync(House, House["IT"]);
        await House.UntilRecordedAsync("delivery.delivered.v1", 8);
        await Gateways.OpenAsync("DE", Opened);
        await House.UntilRecordedAsync("delivery.opened.v1");
    }

    private async Task ConverseAsync()
    {
        Conversation = Guid.CreateVersion7().ToString();
        var first = await SendAsync("FR", "ES", Precedence.Priority, draft => draft with { ConversationId = Conversation });
        await House.UntilRecordedAsync("delivery.delivered.v1", 6);
        var second = await SendAsync("ES", "FR", Precedence.Priority, draft => draft with { ConversationId = Conversation, InReplyTo = first });
        await SendAsync("FR", "ES", Precedence.Routine, draft => draft with { ConversationId = Conversation, InReplyTo = second });
    }
}

/// <summary>Tests of one collection follow one another, so that what one does is not seen by another that looks on.</summary>
[CollectionDefinition(WatchedHouse.Name)]
public sealed class WatchedHouseTests : ICollectionFixture<WatchedHouse>;
