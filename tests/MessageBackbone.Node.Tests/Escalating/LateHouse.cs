using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Escalating;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Escalating;

/// <summary>What the tests of late deliveries share.</summary>
internal static class LateHouse
{
    public const string StepTaken = "delivery.escalated.v1", WasRedirected = "delivery.redirected.v1", CallEnded = "delivery.escalation-called.v1",
        WasAccepted = "message.accepted.v1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<House> OpenAsync(Action<EscalationOptions>? configure, params string[] bureaus) => House.OpenAsync(
        options =>
        {
            AwakeSoon(options);
            configure?.Invoke(options.Escalation);
        },
        bureaus);

    public static void AwakeSoon(NodeOptions options)
    {
        options.Escalation.LookEvery = TimeSpan.FromMilliseconds(30);
        options.Delivering.DeadlinesLookedAtEvery = TimeSpan.FromMilliseconds(30);
    }

    public static async Task<Envelope> SubmitAsync(
        this House house, Precedence precedence, string? alternate = null, Action<MessageHeader>? change = null)
    {
        var message = house["FR"].Compose(
            house["DE"],
            header =>
            {
                (header.Precedence, header.Reference) = (precedence, "FR-7");
                if (alternate is not null) header.Alternates.Add(new Alternate { InsteadOf = "DE", Bureau = alternate });
                change?.Invoke(header);
            },
            alternate is null ? [] : [house[alternate]]);
        await house["FR"].SubmitAsync(message);
        return message;
    }

    public static string IdOf(this House house, Envelope message) => house["FR"].HeaderOf(message).MessageId;

    public static async Task<List<Google.Protobuf.IMessage>> EventsAsync(this House house, Envelope message, string bureau = "DE") =>
        [.. (await house.ReadAsync(StreamId.Delivery(house.IdOf(message), bureau))).Select(recorded => EventTypes.Parse(recorded.Type, recorded.Data))];

    public static async Task<List<EscalationStep>> StepsAsync(this House house, Envelope message, string bureau = "DE") =>
        [.. (await house.EventsAsync(message, bureau)).OfType<Escalated>().Select(e => e.Step)];

    public static async Task<Tracking> TrackAsync(this House house, string bureau, Envelope message) =>
        await house[bureau].Exchange.TrackAsync(new TrackRequest { MessageId = house.IdOf(message) }, cancellationToken: Cancel);

    public static ServiceClockQueries Clocks(this House house) => house.Node.Services.GetRequiredService<ServiceClockQueries>();

    /// <summary>Every step that is due was taken, and everything owed for it is in the log.</summary>
    public static async Task UntilQuietAsync(this House house)
    {
        var clocks = house.Clocks();
        await clocks.CatchUpAsync(Cancel);
        var levels = house.Options.Escalation;
        await Eventually.TrueAsync("nothing is due or owed", async () =>
        {
            foreach (var precedence in Node.Routing.LaneKey.MostUrgentFirst.Where(p => !levels.Of(p).Off))
            {
                var rungs = levels.Of(precedence).Level.Ladder.Rungs;
                for (var i = 0; i < rungs.Count; i++)
                {
                    var before = i == 0 ? EscalationStep.Unspecified : rungs[i - 1].Step;
                    if ((await clocks.StartedByAsync(precedence, before, house.Clock.GetUtcNow() - rungs[i].After, 1, Cancel)).Count > 0) return false;
                }
            }

            return (await clocks.OwedNoticesAsync(1, Cancel)).Count == 0;
        });
        await clocks.CatchUpAsync(Cancel);
    }

    /// <summary>A notice as the gateway that gets it judges it.</summary>
    public static EscalationNotice Notice(this House house, string reader, Attending attending, Delivery delivery)
    {
        using var node = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(house.Folder, "node", "sign.pem")));
        var view = new OpeningView(BureauCode.Parse(reader), [node], [], BureauCode.Parse(attending.Welcome.House));
        var opened = Assert.IsType<OpeningOutcome.Opened>(MessageOpening.Open(delivery.Envelope, view));
        Assert.Equal(MessageOpening.EscalationKind, opened.Header.Kind);
        Assert.True(Escalations.TryRead(opened.Header, opened.Content, house.Anchor, out var notice, out var problem), problem);
        return notice;
    }
}
