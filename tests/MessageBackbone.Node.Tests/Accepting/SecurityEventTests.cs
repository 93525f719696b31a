using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Accepting;

public sealed class SecurityEventTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Refusals_of_an_enrolled_caller_are_recorded_once_a_minute_with_their_number()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var bad = house["FR"].Resign(house["FR"].Compose(house["DE"]), header => header.Kind = "");

        await RefuseAsync(house, bad, times: 4);
        house.Clock.Advance(TimeSpan.FromSeconds(61));
        await RefuseAsync(house, bad, times: 2);

        var events = await EventsAsync(house);
        Assert.Equal([1UL, 4UL], events.Select(e => e.Count));
        Assert.All(events, e => Assert.Equal((house["FR"].Keys.Holder.Uri, Reasons.FieldInvalid, 32), (e.Caller, e.Reason, e.HeaderSha256.Length)));
    }

    private static async Task RefuseAsync(House house, Envelope envelope, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await Refused.ForAsync(Reasons.FieldInvalid, () => house["FR"].SubmitAsync(envelope));
        }
    }

    private static async Task<List<SubmissionRefused>> EventsAsync(House house)
    {
        var events = new List<SubmissionRefused>();
        await foreach (var recorded in house.Log.ReadStreamAsync(StreamId.Security, null, Cancel))
        {
            events.Add(SubmissionRefused.Parser.ParseFrom(recorded.Data.Span));
        }

        return events;
    }
}
