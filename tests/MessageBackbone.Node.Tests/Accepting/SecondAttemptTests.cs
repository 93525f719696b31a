using MessageBackbone.Domain;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Accepting;

/// <summary>A client gave up and sends the same bytes again, while its first attempt is still on its way into the log.</summary>
public sealed class SecondAttemptTests
{
    private static readonly Caller Sender = new(Holder.Bureau("FR"), default);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refusal_waits_for_the_append_that_is_under_way_and_gives_way_to_its_receipt()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await using var log = new HeldLog(house.Log);
        var acceptor = Acceptor(house, log);
        var envelope = house["FR"].Compose(house["DE"]);
        var first = acceptor.AcceptAsync(Sender, envelope, turn: null, Cancel);
        await log.Queued.WaitAsync(Cancel);
        await house.RevokeAsync(house["FR"].Keys.Sign!.RawData);

        var second = acceptor.AcceptAsync(Sender, envelope, turn: null, Cancel);
        log.Release();

        var (one, two) = (await first, await second);
        Assert.Equal((false, true), (one.Duplicate, two.Duplicate));
        Assert.Equal(house["FR"].ReceiptOf(one), house["FR"].ReceiptOf(two));
    }

    [Fact]
    public async Task What_a_second_attempt_was_refused_for_is_never_accepted_by_the_first()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var acceptor = Acceptor(house, new HeldLog(house.Log));
        var envelope = house["FR"].Compose(house["DE"]);
        var mine = new TaskCompletionSource();
        var first = acceptor.AcceptAsync(Sender, envelope, new AppendTurn(mine.Task), Cancel);
        var content = house.Node.Services.GetRequiredService<ContentStore>();
        await Eventually.TrueAsync("the first attempt is judged and waits for its turn", () => content.Size(Fingerprint.Of(envelope.Body.Span)) is not null);
        await house.RevokeAsync(house["FR"].Keys.Sign!.RawData);

        var second = await Assert.ThrowsAsync<RefusalException>(() => acceptor.AcceptAsync(Sender, envelope, turn: null, Cancel));
        mine.SetResult();

        Assert.Equal(Reasons.CertificateNotValid, second.Reason);
        Assert.Equal(Reasons.CertificateNotValid, (await Assert.ThrowsAsync<RefusalException>(() => first)).Reason);
        Assert.Equal(0, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task The_lapse_of_time_between_judgement_and_append_counts_as_well()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var acceptor = Acceptor(house, new HeldLog(house.Log));
        var deliverBy = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(house.Clock.GetUtcNow().AddMinutes(10));
        var envelope = house["FR"].Compose(house["DE"], header => header.DeliverBy = deliverBy);
        var mine = new TaskCompletionSource();
        var first = acceptor.AcceptAsync(Sender, envelope, new AppendTurn(mine.Task), Cancel);
        var content = house.Node.Services.GetRequiredService<ContentStore>();
        await Eventually.TrueAsync("the first attempt is judged and waits for its turn", () => content.Size(Fingerprint.Of(envelope.Body.Span)) is not null);

        house.Clock.Advance(TimeSpan.FromMinutes(11));
        mine.SetResult();

        Assert.Equal(Reasons.Expired, (await Assert.ThrowsAsync<RefusalException>(() => first)).Reason);
    }

    [Fact]
    public async Task Of_several_appends_of_one_id_all_are_waited_for_and_none_of_another()
    {
        var all = new AppendsUnderWay();
        var (one, two, other) = (all.Begin("a"), all.Begin("a"), all.Begin("b"));
        var ended = all.EndedAsync("a", Cancel);

        two.Dispose();
        Assert.False(ended.IsCompleted);
        one.Dispose();
        await ended.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.True(all.EndedAsync("a", Cancel).IsCompletedSuccessfully);
        Assert.False(all.EndedAsync("b", Cancel).IsCompleted);
        other.Dispose();
    }

    internal static Acceptor Acceptor(House house, HeldLog log)
    {
        T Room<T>()
            where T : notnull => house.Node.Services.GetRequiredService<T>();
        return new Acceptor(
            Room<CurrentDirectory>(), Room<ContentStore>(), Room<AttachmentCheck>(), Room<Quotas>(), Room<RecallCheck>(), Room<RequestCheck>(), Room<DrainGate>(),
            new EventRecorder(log, house.Clock), log, Room<AcceptanceReceipts>(), Room<NodeIdentity>(),
            house.Options.Delivering, Room<NodeLimits>(), house.Clock);
    }
}
