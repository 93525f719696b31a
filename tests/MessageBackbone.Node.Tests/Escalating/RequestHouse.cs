using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Escalating;

/// <summary>FR asks, DE answers, on a node whose clock the tests set ahead.</summary>
internal sealed class RequestHouse : IAsyncDisposable
{
    private RequestHouse(House house) => House = house;

    public House House { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RequestQueries Requests => House.Node.Services.GetRequiredService<RequestQueries>();

    public static Task<RequestHouse> OpenAsync(params string[] more) => OpenAsync(TimeSpan.FromMilliseconds(30), more);

    public static Task<RequestHouse> OpenAsync(TimeSpan lookEvery, params string[] more) => OpenAsync(lookEvery, _ => { }, more);

    public static Task<RequestHouse> OpenAsync(Action<Node.Escalating.EscalationOptions> levels, params string[] more) =>
        OpenAsync(TimeSpan.FromMilliseconds(30), levels, more);

    private static async Task<RequestHouse> OpenAsync(TimeSpan lookEvery, Action<Node.Escalating.EscalationOptions> levels, string[] more) => new(await House.OpenAsync(
        options =>
        {
            LateHouse.AwakeSoon(options);
            options.Requests.LookEvery = lookEvery;
            options.Escalation.DutyDesks["DE"] = "DE-DUTY";
            // Of deliveries nothing is late here: the notices are those about requests.
            foreach (var level in (ReadOnlySpan<Node.Escalating.LevelOptions>)[options.Escalation.Flash, options.Escalation.Immediate, options.Escalation.Priority, options.Escalation.Routine])
                level.Off = true;
            levels(options.Escalation);
        },
        ["FR", "DE", .. more]));

    /// <summary>A request of FR's with ten minutes for the answer.</summary>
    public Task<Envelope> AskAsync(Party[]? to = null, params Party[] informed) => SendAsync(
        "FR", to ?? [House["DE"]], "request", null, header =>
        {
            header.DeadlineClass = "hit-urgent";
            header.Info.AddRange(informed.Select(party => party.Name));
        }, informed);

    public Task<Envelope> SendAsync(string from, string to, string kind, Envelope? answers) => SendAsync(from, [House[to]], kind, answers, null);

    /// <summary>The bureau's gateway takes over everything that waits, until it has this message.</summary>
    public async Task TakeOverAsync(Attending attending, Envelope message)
    {
        while (true)
        {
            var delivery = await attending.DeliveryAsync();
            await attending.RecordAsync(delivery);
            if (House.IdOf(delivery.Envelope) == House.IdOf(message)) return;
        }
    }

    public async Task<Envelope> NextAsync(Attending attending)
    {
        var delivery = await attending.DeliveryAsync();
        await attending.RecordAsync(delivery);
        return delivery.Envelope;
    }

    public async Task AheadAsync(double minutes)
    {
        await UntilQuietAsync();
        House.Clock.Advance(TimeSpan.FromMinutes(minutes));
        await UntilQuietAsync();
    }

    /// <summary>Every turn is recorded, every step that is due was taken, and every notice is in the log.</summary>
    public async Task UntilQuietAsync()
    {
        await Eventually.TrueAsync("no turn, step or notice is owed", async () =>
        {
            await Requests.Rows.CatchUpAsync(Cancel);
            return (await Requests.OwedTurnsAsync(1, Cancel)).Count == 0 && (await Requests.DueAsync(House.Clock.GetUtcNow(), 1, Cancel)).Count == 0
                && (await Requests.OwedNoticesAsync(1, Cancel)).Count == 0;
        });
    }

    public async Task<List<IMessage>> EventsAsync(Envelope request, string bureau = "DE") =>
        [.. (await House.ReadAsync(StreamId.Request(House.IdOf(request), bureau))).Select(recorded => EventTypes.Parse(recorded.Type, recorded.Data))];

    public async Task<List<string>> NamesAsync(Envelope request, string bureau = "DE") =>
        [.. (await House.ReadAsync(StreamId.Request(House.IdOf(request), bureau))).Select(recorded => recorded.Type["request.".Length..^".v1".Length])];

    public async Task<RequestTracking?> TrackAsync(Envelope request, string asks = "FR", string about = "DE") =>
        (await House.TrackAsync(asks, request)).Recipients.Single(recipient => recipient.Recipient == about).Request;

    public IReadOnlyList<(string Bureau, ulong Requests)> Overdue() => [.. Requests.Overdue().Select(owed => (owed.Bureau, owed.Requests))];

    public async ValueTask DisposeAsync() => await House.DisposeAsync();

    private async Task<Envelope> SendAsync(string from, Party[] to, string kind, Envelope? answers, Action<MessageHeader>? change, params Party[] informed)
    {
        var message = House[from].Compose(to, header =>
        {
            (header.Kind, header.InReplyTo) = (kind, answers is null ? "" : House.IdOf(answers));
            change?.Invoke(header);
        }, informed);
        await House[from].SubmitAsync(message);
        return message;
    }
}
