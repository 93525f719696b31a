using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Directory;

public sealed class DirectoryServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static RegisterBureau Registration(House house, string code) => new()
    {
        ActId = house.Secretariat.NewActId(),
        At = house.Secretariat.Now,
        Code = code,
        DisplayName = "A bureau",
        HighestClassification = Classification.Restricted,
    };

    [Fact]
    public async Task An_act_is_in_force_when_its_reply_arrives_and_after_a_restart()
    {
        await using var house = await House.OpenAsync("FR");
        await house.AllowTopicAsync("alerts", "FR");
        await house["FR"].Directory.SubscribeAsync(new SubscribeRequest { Topic = "alerts" }, cancellationToken: Cancel);
        var before = await house.Secretariat.Directory.ListBureausAsync(new ListBureausRequest(), cancellationToken: Cancel);

        await house.RestartAsync();

        Assert.Equal(before, await house.Secretariat.Directory.ListBureausAsync(new ListBureausRequest(), cancellationToken: Cancel));
        var bureau = await house.Secretariat.Directory.GetBureauAsync(new GetBureauRequest { Code = "FR" }, cancellationToken: Cancel);
        Assert.Equal(["alerts"], bureau.Topics);
        Assert.Equal(
            [CertificateUse.Seal, CertificateUse.Sign, CertificateUse.Tls], bureau.Certificates.Select(certificate => certificate.Use));
    }

    [Fact]
    public async Task A_repeated_act_gets_the_first_answer_however_late_and_other_bytes_are_refused()
    {
        await using var house = await House.OpenAsync();
        var act = Registration(house, "FR");
        var order = house.Secretariat.Order(act);
        var first = await house.Secretariat.Directory.RegisterBureauAsync(order, cancellationToken: Cancel);

        house.Clock.Advance(TimeSpan.FromDays(40));
        var again = await house.Secretariat.Directory.RegisterBureauAsync(order, cancellationToken: Cancel);

        Assert.Equal((first.Position, true), (again.Position, again.Duplicate));
        act.At = house.Secretariat.Now;
        await Refused.ForAsync(
            Reasons.DuplicateIdDifferentBytes,
            async () => await house.Secretariat.Directory.RegisterBureauAsync(house.Secretariat.Order(act), cancellationToken: Cancel));
    }

    [Fact]
    public async Task An_act_is_signed_for_its_own_method_and_not_too_old()
    {
        await using var house = await House.OpenAsync("FR");
        var directory = house.Secretariat.Directory;
        var old = Registration(house, "DE");
        old.At = house.Clock.GetUtcNow().AddDays(-31).ToTimestamp();
        var close = house.Secretariat.Order(new CloseBureau { ActId = house.Secretariat.NewActId(), At = house.Secretariat.Now, Code = "FR", Reason = "MERGED" });
        var altered = close.Order.ToByteArray();
        altered[^1] ^= 1;

        await Refused.ForAsync(Reasons.Expired, async () => await directory.RegisterBureauAsync(house.Secretariat.Order(old), cancellationToken: Cancel));
        await Refused.ForAsync(Reasons.Malformed, async () => await directory.RegisterBureauAsync(close, cancellationToken: Cancel));
        await Refused.ForAsync(
            Reasons.BadSignature,
            async () => await directory.CloseBureauAsync(new DirectoryActRequest { Order = ByteString.CopyFrom(altered) }, cancellationToken: Cancel));
        await Refused.ForAsync(
            Reasons.CertificateNotValid,
            async () =>
            {
                using var other = house.Issue(new Holder(HolderRole.Secretariat, "other"));
                var signed = ReceiptBuilding.Sign(Registration(house, "DE"), other.Keys.Sign!, house.Clock.GetUtcNow());
                await directory.RegisterBureauAsync(new DirectoryActRequest { Order = ByteString.CopyFrom(signed) }, cancellationToken: Cancel);
            });
    }

    [Fact]
    public async Task A_certificate_of_another_authority_or_use_is_not_enrolled()
    {
        await using var house = await House.OpenAsync("FR");
        using var foreign = CertificateAuthority.Create("Another authority", house.Clock.GetUtcNow());
        using var keys = foreign.IssueAll(Holder.Bureau("FR"), house.Clock.GetUtcNow()).OpenKeys();
        using var fresh = house.Issue(Holder.Bureau("FR"));

        await Refused.ForAsync(Reasons.FieldInvalid, () => house.EnrolAsync(keys.Tls.RawData, CertificateUse.Tls));
        await Refused.ForAsync(Reasons.FieldInvalid, () => house.EnrolAsync(fresh.Keys.Tls.RawData, CertificateUse.Sign));
        await Refused.ForAsync(Reasons.FieldInvalid, () => house.EnrolAsync([1, 2, 3], CertificateUse.Tls));
        await Refused.ForAsync(Reasons.FieldInvalid, () => house.EnrolAsync(house["FR"].Keys.Tls.RawData, CertificateUse.Tls));
    }

    [Fact]
    public async Task Acts_at_the_same_time_are_all_recorded_in_one_order()
    {
        await using var house = await House.OpenAsync();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => house.RegisterAsync($"FR-{i}")));

        var list = await house.Secretariat.Directory.ListBureausAsync(new ListBureausRequest(), cancellationToken: Cancel);
        Assert.Equal(20, list.Bureaus.Count);
    }

    [Fact]
    public async Task A_watcher_sees_the_whole_directory_and_then_every_change()
    {
        await using var house = await House.OpenAsync("FR");
        using var call = house["FR"].Directory.WatchDirectory(new WatchDirectoryRequest(), cancellationToken: Cancel);
        var known = await ReadUntilAsync(call.ResponseStream, update => update.CaughtUp);

        await house.AllowTopicAsync("alerts");
        await house["FR"].Directory.SubscribeAsync(new SubscribeRequest { Topic = "alerts" }, cancellationToken: Cancel);
        var changes = await ReadUntilAsync(call.ResponseStream, update => update.Topic?.Subscribers.Count == 1);

        Assert.Contains(known, update => update.Bureau is { Code: "FR", Certificates.Count: 3 });
        Assert.Contains(known, update => update.Holder is { Role: "secretariat", Certificates.Count: 2 });
        Assert.Contains(known, update => update.Policy is not null);
        Assert.Contains(changes, update => update.Bureau is { Code: "FR" } bureau && bureau.Topics.SequenceEqual(["alerts"]));
        Assert.Equal(changes.Select(update => update.Position).Order(), changes.Select(update => update.Position));
    }

    [Fact]
    public async Task A_watcher_is_sent_away_within_five_seconds_after_its_bureau_was_closed()
    {
        await using var house = await House.OpenAsync("FR");
        using var call = house["FR"].Directory.WatchDirectory(new WatchDirectoryRequest(), cancellationToken: Cancel);
        await ReadUntilAsync(call.ResponseStream, update => update.CaughtUp);

        await house.CloseAsync("FR");

        await Refused.ForAsync(
            Reasons.UnknownBureau,
            () => ReadUntilAsync(call.ResponseStream, _ => false).WaitAsync(TimeSpan.FromSeconds(5), Cancel));
    }

    [Fact]
    public async Task Topics_are_subscribed_by_those_to_whom_they_are_open()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        await house.AllowTopicAsync("alerts", "FR", "DE");
        foreach (var bureau in (string[])["FR", "DE", "FR"])
        {
            await house[bureau].Directory.SubscribeAsync(new SubscribeRequest { Topic = "alerts" }, cancellationToken: Cancel);
        }

        await Refused.ForAsync(
            Reasons.ExchangeNotPermitted,
            async () => await house["ES"].Directory.SubscribeAsync(new SubscribeRequest { Topic = "alerts" }, cancellationToken: Cancel));
        Assert.Equal(["DE", "FR"], await ResolveAsync(house));

        await house["FR"].Directory.UnsubscribeAsync(new UnsubscribeRequest { Topic = "alerts" }, cancellationToken: Cancel);
        Assert.Equal(["DE"], await ResolveAsync(house));
        await Refused.ForAsync(
            Reasons.FieldInvalid,
            async () => await house["ES"].Directory.ResolveTopicAsync(new ResolveTopicRequest { Topic = "none" }, cancellationToken: Cancel));
        await Refused.ForAsync(
            Reasons.UnknownBureau, async () => await house["ES"].Directory.GetBureauAsync(new GetBureauRequest { Code = "JP" }, cancellationToken: Cancel));
    }

    private static async Task<IEnumerable<string>> ResolveAsync(House house) =>
        (await house["ES"].Directory.ResolveTopicAsync(new ResolveTopicRequest { Topic = "alerts" }, cancellationToken: Cancel)).Subscribers;

    private static async Task<List<DirectoryUpdate>> ReadUntilAsync(IAsyncStreamReader<DirectoryUpdate> stream, Func<DirectoryUpdate, bool> last)
    {
        var updates = new List<DirectoryUpdate>();
        do
        {
            Assert.True(await stream.MoveNext(Cancel));
            updates.Add(stream.Current);
        }
        while (!last(updates[^1]));

        return updates;
    }
}
