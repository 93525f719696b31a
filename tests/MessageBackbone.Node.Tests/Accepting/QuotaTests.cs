using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Accepting;

public sealed class QuotaTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Refuses(Reasons.QuotaExceeded)]
    public async Task A_message_above_the_quota_is_refused_and_fits_after_the_time_told()
    {
        await using var house = await House.OpenAsync(options => options.Accepting.Flash = Two(), "FR", "DE");
        await SubmitAsync(house, Precedence.Flash);
        await SubmitAsync(house, Precedence.Flash);
        var third = Compose(house, Precedence.Flash);

        var refused = await Refused.ForAsync(Reasons.QuotaExceeded, () => house["FR"].SubmitAsync(third));

        Assert.Equal("flash", refused.Metadata["precedence"]);
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(1000));
        Assert.Equal(2, await house.CountAsync("message.accepted.v1"));
        house.Clock.Elapse(refused.RetryAfter.Value - Soon);
        var almost = await Refused.ForAsync(Reasons.QuotaExceeded, () => house["FR"].SubmitAsync(third));
        Assert.InRange(almost.RetryAfter!.Value, TimeSpan.FromTicks(1), Soon);
        house.Clock.Elapse(almost.RetryAfter.Value);
        Assert.False((await house["FR"].SubmitAsync(third)).Duplicate);
    }

    [Fact]
    public async Task The_quota_is_of_one_bureau_and_one_precedence()
    {
        await using var house = await House.OpenAsync(
            options =>
            {
                options.Accepting.Routine = options.Accepting.Flash = One();
                options.Accepting.Bureaus["ES"] = new BureauQuotas { Routine = Two() };
            },
            "FR", "DE", "ES");
        await SubmitAsync(house, Precedence.Routine);
        await Refused.ForAsync(Reasons.QuotaExceeded, () => SubmitAsync(house, Precedence.Routine));

        await SubmitAsync(house, Precedence.Flash);
        await SubmitAsync(house, Precedence.Priority);
        await SubmitAsync(house, Precedence.Routine, "DE");
        await SubmitAsync(house, Precedence.Routine, "ES");
        await SubmitAsync(house, Precedence.Routine, "ES");

        await Refused.ForAsync(Reasons.QuotaExceeded, () => SubmitAsync(house, Precedence.Routine, "ES"));
        await Refused.ForAsync(Reasons.QuotaExceeded, () => SubmitAsync(house, Precedence.Flash));
    }

    [Fact]
    public async Task A_duplicate_gets_its_first_receipt_and_costs_nothing()
    {
        await using var house = await House.OpenAsync(options => options.Accepting.Priority = Two(), "FR", "DE");
        var message = Compose(house, Precedence.Priority);
        var first = await house["FR"].SubmitAsync(message);
        Assert.True((await house["FR"].SubmitAsync(message)).Duplicate);
        await SubmitAsync(house, Precedence.Priority);
        await Refused.ForAsync(Reasons.QuotaExceeded, () => SubmitAsync(house, Precedence.Priority));

        var repeat = await house["FR"].SubmitAsync(message);

        Assert.True(repeat.Duplicate);
        Assert.Equal(house["FR"].ReceiptOf(first), house["FR"].ReceiptOf(repeat));
    }

    [Fact]
    public async Task What_is_refused_for_another_reason_costs_nothing()
    {
        await using var house = await House.OpenAsync(options => options.Accepting.Flash = One(), "FR", "DE");
        var forged = house["FR"].Resign(Compose(house, Precedence.Flash), _ => { }, house["DE"]);
        for (var i = 0; i < 5; i++)
        {
            await Refused.ForAsync(Reasons.SignerIsNotSender, () => house["FR"].SubmitAsync(forged));
            await Refused.ForAsync(Reasons.NotYourBureau, () => house["DE"].SubmitAsync(Compose(house, Precedence.Flash)));
        }

        await SubmitAsync(house, Precedence.Flash);
    }

    [Fact]
    public async Task In_a_stream_each_message_above_the_quota_is_told_when_it_fits()
    {
        await using var house = await House.OpenAsync(options => options.Accepting.Routine = Two(), "FR", "DE");
        using var call = house["FR"].Exchange.SubmitMany(cancellationToken: Cancel);
        foreach (var precedence in (Precedence[])[Precedence.Routine, Precedence.Routine, Precedence.Routine, Precedence.Routine, Precedence.Flash])
        {
            await call.RequestStream.WriteAsync(new SubmitRequest { Envelope = Compose(house, precedence) }, Cancel);
        }

        await call.RequestStream.CompleteAsync();
        var outcomes = new List<SubmitOutcome>();
        while (await call.ResponseStream.MoveNext(Cancel)) outcomes.Add(call.ResponseStream.Current);

        var refused = outcomes.Where(outcome => outcome.OutcomeCase == SubmitOutcome.OutcomeOneofCase.Refused).Select(outcome => outcome.Refused).ToList();
        Assert.Equal((5, 2), (outcomes.Count, refused.Count));
        Assert.NotNull(outcomes.Single(outcome => outcome.Index == 4).Accepted);
        Assert.All(refused, Refused.Check);
        Assert.All(refused, refusal => Assert.Equal((Reasons.QuotaExceeded, "routine"), (refusal.Reason, refusal.Metadata["precedence"])));
        house.Clock.Elapse(refused[0].RetryAfter.ToTimeSpan());
        await SubmitAsync(house, Precedence.Routine);
    }

    [Fact]
    public async Task After_a_start_every_quota_is_full()
    {
        await using var house = await House.OpenAsync(options => options.Accepting.Flash = One(), "FR", "DE");
        await SubmitAsync(house, Precedence.Flash);
        await Refused.ForAsync(Reasons.QuotaExceeded, () => SubmitAsync(house, Precedence.Flash));

        await house.RestartAsync();

        await SubmitAsync(house, Precedence.Flash);
    }

    private static Quota One() => new() { PerSecond = 0.001, Burst = 1 };

    private static Quota Two() => new() { PerSecond = 0.001, Burst = 2 };

    private static Envelope Compose(House house, Precedence precedence, string from = "FR") =>
        house[from].Compose(house[from == "DE" ? "FR" : "DE"], header => header.Precedence = precedence);

    private static Task<SubmitReply> SubmitAsync(House house, Precedence precedence, string from = "FR") => house[from].SubmitAsync(Compose(house, precedence, from));
}
