using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Directory;

/// <summary>The gateway believes of the directory only what its own authority vouches for, and keeps it for when the node is away.</summary>
public sealed class DirectoryCopyTests
{
    private static readonly Uri _nobody = new("https://127.0.0.1:1");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_seen_once_serves_without_a_node()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await (await house.AttendAsync("FR")).DisposeAsync();

        await using var alone = await house.StartAsync("FR", node: _nobody);

        Assert.True(alone.Host.DirectoryKnown.IsCompletedSuccessfully);
        var id = await alone.SendAsync("DE");
        Assert.Equal(OutboxState.Waiting, alone.Parts.Outbox.Find(id.Value)!.State);
        var unknown = await Assert.ThrowsAsync<DraftRefusedException>(() => alone.SendAsync("JP"));
        Assert.Equal(Reasons.UnknownRecipient, unknown.Reason);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_kept_out_and_nothing_is_sealed_to_it()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        using var foreign = Foreign(house);
        between.Watch = update => WithSeal(update, foreign.Seal!.RawData, replace: false);
        var france = await house.AttendAsync("FR", node: between.Address);

        var id = await france.SendAsync("DE");

        await france.AcceptedAsync(id);
        SealedBody.TryRead(france.Parts.Outbox.Read(france.Parts.Outbox.Find(id.Value)!.Row).Signed.Body, out var body, out _);
        Assert.True(body!.IsFor(house["DE"].Keys.Seal!));
        Assert.False(body.IsFor(foreign.Seal!));
        Assert.Equal(Digests.Sha256Hex(foreign.Seal!.RawData), Assert.Single(france.Parts.Directory.Copy.Bureaus["DE"].KeptOut).Sha256);
        Assert.Contains(house.Logs.Lines, line => line.Event.Id == 21);
    }

    [Fact]
    public async Task A_bureau_that_nobody_vouches_for_gets_nothing()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        using var foreign = Foreign(house);
        between.Watch = update => WithSeal(update, foreign.Seal!.RawData, replace: true);
        var france = await house.AttendAsync("FR", node: between.Address);

        var refused = await Assert.ThrowsAsync<DraftRefusedException>(() => france.SendAsync("DE"));

        Assert.Equal(DraftRefusedException.NotVouchedFor, refused.Reason);
        Assert.Empty(france.Parts.Outbox.List(long.MaxValue, 10));
    }

    [Fact]
    public async Task Another_bureaus_certificate_under_this_ones_name_is_kept_out()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE", "ES");
        var between = await house.StandBetweenAsync("FR");
        between.Watch = update => WithSeal(update, house["ES"].Keys.Seal!.RawData, replace: true);
        var france = await house.AttendAsync("FR", node: between.Address);

        Assert.Equal(DraftRefusedException.NotVouchedFor, (await Assert.ThrowsAsync<DraftRefusedException>(() => france.SendAsync("DE"))).Reason);
    }

    [Fact]
    public async Task Nothing_is_sealed_to_a_revoked_certificate_and_no_node_makes_it_good_again()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await house.Node.RevokeAsync(house["DE"].Keys.Seal!.RawData);
        await (await house.AttendAsync("FR")).DisposeAsync();
        var between = await house.StandBetweenAsync("FR");
        between.Watch = Forgetting;
        for (var restart = 0; restart < 2; restart++)
        {
            await using var france = await house.AttendAsync("FR", node: between.Address);
            // As the follower does with the node's word; the second time only the disk can know better.
            await france.Parts.Directory.ReplaceAsync([.. await DirectoryOfAsync(house, Forgetting)], Cancel);

            Assert.Equal(DraftRefusedException.NotVouchedFor, (await Assert.ThrowsAsync<DraftRefusedException>(() => france.SendAsync("DE"))).Reason);
        }
    }

    [Fact]
    public async Task What_goes_to_a_topic_reaches_its_subscribers_and_nobody_else()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE", "ES");
        await house.Node.AllowTopicAsync("stolen.vehicles");
        await house["DE"].Directory.SubscribeAsync(new SubscribeRequest { Topic = "stolen.vehicles" }, cancellationToken: Cancel);
        var (france, germany) = (await house.AttendAsync("FR"), await house.AttendAsync("DE"));

        var id = await france.SendAsync(new Draft { Topic = "stolen.vehicles", Text = "A car" });

        Assert.Equal(DeliveryOutcome.Delivered, (await germany.ReceivesAsync(id)).Outcome);
        Assert.Equal(["DE"], france.Parts.Outbox.Find(id.Value)!.Recipients);
        var besides = await Assert.ThrowsAsync<DraftRefusedException>(() => france.SendAsync(new Draft { Topic = "stolen.vehicles", Info = ["ES"], Text = "A car" }));
        Assert.Equal(Reasons.FieldInvalid, besides.Reason);
    }

    [Fact]
    public async Task Without_a_node_a_topic_goes_to_the_subscribers_of_the_copy()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await house.Node.AllowTopicAsync("stolen.vehicles");
        await house["DE"].Directory.SubscribeAsync(new SubscribeRequest { Topic = "stolen.vehicles" }, cancellationToken: Cancel);
        await (await house.AttendAsync("FR")).DisposeAsync();
        await using var alone = await house.StartAsync("FR", node: _nobody);

        var id = await alone.SendAsync(new Draft { Topic = "stolen.vehicles", Text = "A car" });

        Assert.Equal(["DE"], alone.Parts.Outbox.Find(id.Value)!.Recipients);
    }

    [Fact]
    public async Task What_the_policy_forbids_does_not_leave_the_gateway()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await house.Node.AddBureauAsync("GB", Classification.OfficialUseOnly);
        await house.Node.SetPolicyAsync(new ExchangeRule { From = "FR", To = "DE", Effect = ExchangeEffect.Deny });
        var france = await house.AttendAsync("FR");

        async Task<string> ReasonAsync(Draft draft) => (await Assert.ThrowsAsync<DraftRefusedException>(() => france.SendAsync(draft))).Reason;
        var confidential = new Handling { Classification = Classification.Confidential, Purpose = Purpose.Alert };

        Assert.Equal(Reasons.ExchangeNotPermitted, await ReasonAsync(new Draft { To = ["DE"], Text = "x" }));
        Assert.Equal(Reasons.ClassificationNotPermitted, await ReasonAsync(new Draft { To = ["GB"], Text = "x", Handling = confidential }));
        Assert.Equal(Reasons.ClassificationNotPermitted, await ReasonAsync(new Draft { To = ["GB"], Text = "x", Form = BodyForm.Clear }));
        Assert.Equal(Reasons.TooLarge, await ReasonAsync(new Draft { To = ["GB"], Text = new string('x', (1 << 20) + 1) }));
        Assert.Equal(Reasons.FieldInvalid, await ReasonAsync(new Draft { Text = "x" }));
    }

    private static HolderKeys Foreign(GatewayHouse house)
    {
        using var ca = CertificateAuthority.Create("Other authority", house.Node.Clock.GetUtcNow());
        return ca.IssueAll(Holder.Bureau("DE"), house.Node.Clock.GetUtcNow()).OpenKeys();
    }

    private static DirectoryUpdate WithSeal(DirectoryUpdate update, byte[] certificate, bool replace)
    {
        if (update.Bureau?.Code != "DE") return update;
        foreach (var own in update.Bureau.Certificates.Where(c => replace && c.Use == CertificateUse.Seal).ToList()) update.Bureau.Certificates.Remove(own);
        var newest = update.Bureau.Certificates[0].EnrolledAt.ToDateTimeOffset() + TimeSpan.FromMinutes(1);
        update.Bureau.Certificates.Add(new CertificateEntry { Certificate = ByteString.CopyFrom(certificate), Use = CertificateUse.Seal, EnrolledAt = newest.ToTimestamp() });
        return update;
    }

    private static DirectoryUpdate Forgetting(DirectoryUpdate update)
    {
        foreach (var certificate in update.Bureau?.Certificates ?? []) certificate.RevokedAt = certificate.InvalidSince = null;
        return update;
    }

    private static async Task<List<DirectoryUpdate>> DirectoryOfAsync(GatewayHouse house, Func<DirectoryUpdate, DirectoryUpdate> change)
    {
        var whole = new List<DirectoryUpdate>();
        using var watch = house["FR"].Directory.WatchDirectory(new WatchDirectoryRequest(), cancellationToken: Cancel);
        while (whole is not [.., { CaughtUp: true }] && await watch.ResponseStream.MoveNext(Cancel)) whole.Add(change(watch.ResponseStream.Current));
        return whole;
    }
}
