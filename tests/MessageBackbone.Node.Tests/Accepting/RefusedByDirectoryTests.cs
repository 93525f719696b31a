using Google.Protobuf;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Accepting;

public sealed class RefusedByDirectoryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Refuses(Reasons.ExchangeNotPermitted)]
    public async Task What_the_policy_bars_is_not_permitted()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        await house.SetPolicyAsync(new ExchangeRule { From = "FR", To = "DE", Kinds = { "text" }, Effect = ExchangeEffect.Deny });

        var refused = await Refused.ForAsync(Reasons.ExchangeNotPermitted, () => house["FR"].SubmitAsync(house["FR"].Compose([house["ES"], house["DE"]])));

        Assert.Equal("DE", refused.Metadata["bureau"]);
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Kind = "request"));
        Assert.Equal(1, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    [Refuses(Reasons.DirectoryChanged)]
    public async Task A_body_sealed_to_a_replaced_certificate_is_sealed_again()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        using var renewed = house.Issue(Holder.Bureau("DE"));
        await house.EnrolAsync(renewed.Keys.Seal!.RawData, CertificateUse.Seal);

        var refused = await Refused.ForAsync(Reasons.DirectoryChanged, () => house["FR"].SubmitAsync(message));

        Assert.Equal("DE", refused.Metadata["replaced"]);
        await house["FR"].SubmitAsync(house["FR"].Compose(renewed));
        await house.RevokeAsync(renewed.Keys.Seal.RawData);
        await Refused.ForAsync(Reasons.DirectoryChanged, () => house["FR"].SubmitAsync(house["FR"].Compose(renewed)));
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
    }

    [Fact]
    [Refuses(Reasons.DirectoryChanged)]
    public async Task A_topic_whose_subscribers_are_others_now_is_resolved_again()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        await house.AllowTopicAsync("alerts");
        await house["DE"].Directory.SubscribeAsync(new SubscribeRequest { Topic = "alerts" }, cancellationToken: Cancel);
        await house["FR"].Directory.SubscribeAsync(new SubscribeRequest { Topic = "alerts" }, cancellationToken: Cancel);

        Envelope ToTopic(params string[] info) => house["FR"].Compose(
            [],
            header =>
            {
                header.Topic = "alerts";
                header.Info.AddRange(info);
            },
            [.. info.Select(code => house[code])]);

        await house["FR"].SubmitAsync(ToTopic("DE"));
        var refused = await Refused.ForAsync(Reasons.DirectoryChanged, () => house["FR"].SubmitAsync(ToTopic("ES")));
        Assert.Equal(("DE", "ES"), (refused.Metadata["added"], refused.Metadata["removed"]));
        await Refused.ForAsync(Reasons.FieldInvalid, () => house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Topic = "none")));
    }

    [Fact]
    [Refuses(Reasons.CertificateNotValid)]
    public async Task A_caller_or_a_signer_who_was_revoked_or_never_enrolled_is_not_valid()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        using var stranger = house.Issue(Holder.Bureau("FR"));
        var caller = await Refused.ForAsync(Reasons.CertificateNotValid, () => stranger.SubmitAsync(house["FR"].Compose(house["DE"])));

        await house.RevokeAsync(house["FR"].Keys.Sign!.RawData);
        var signer = await Refused.ForAsync(Reasons.CertificateNotValid, () => house["FR"].SubmitAsync(house["FR"].Compose(house["DE"])));

        await house.RevokeAsync(house["FR"].Keys.Tls.RawData);
        var revoked = await Refused.ForAsync(Reasons.CertificateNotValid, () => house["FR"].SubmitAsync(house["FR"].Compose(house["DE"])));

        // By the field a gateway tells whether the message was judged at all (decision 0064).
        Assert.Equal(["envelope.header"], signer.Fields);
        Assert.Empty(caller.Fields.Concat(revoked.Fields));
    }

    [Fact]
    [Refuses(Reasons.UnknownBureau)]
    public async Task A_bureau_that_was_closed_takes_no_part()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await house.CloseAsync("FR");

        await Refused.ForAsync(Reasons.UnknownBureau, () => house["FR"].SubmitAsync(house["FR"].Compose(house["DE"])));
        await Refused.ForAsync(Reasons.UnknownRecipient, () => house["DE"].SubmitAsync(house["DE"].Compose(house["FR"])));
    }

    [Fact]
    [Refuses(Reasons.RoleRequired)]
    public async Task A_role_calls_only_what_it_may()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var act = house["FR"].Order(new CloseBureau { ActId = house["FR"].NewActId(), At = house["FR"].Now, Code = "DE", Reason = "MERGED" });

        await Refused.ForAsync(Reasons.RoleRequired, async () => await house["FR"].Directory.CloseBureauAsync(act, cancellationToken: Cancel));
        // A bureau's signature is no secretariat's, whoever carries it here.
        await Refused.ForAsync(Reasons.RoleRequired, async () => await house.Secretariat.Directory.CloseBureauAsync(act, cancellationToken: Cancel));
        await Refused.ForAsync(Reasons.RoleRequired, () => house.Secretariat.SubmitAsync(house["FR"].Compose(house["DE"])));
    }

    [Fact]
    [Refuses(Reasons.UnknownMessage)]
    public async Task A_message_is_unknown_to_everyone_but_its_parties()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        var header = house["FR"].HeaderOf(message);

        foreach (var bureau in (string[])["FR", "DE"])
        {
            var tracking = await house[bureau].Exchange.TrackAsync(new TrackRequest { MessageId = header.MessageId }, cancellationToken: Cancel);
            Assert.Equal(("FR", DeliveryState.Waiting), (tracking.From, Assert.Single(tracking.Recipients).State));
        }

        await Refused.ForAsync(
            Reasons.UnknownMessage,
            async () => await house["ES"].Exchange.TrackAsync(new TrackRequest { MessageId = header.MessageId }, cancellationToken: Cancel));
        await Refused.ForAsync(Reasons.UnknownMessage, () => DownloadAsync(house["ES"], header.MessageId, header.BodySha256));
        await Refused.ForAsync(Reasons.UnknownMessage, () => DownloadAsync(house["DE"], header.MessageId, header.ContentSha256));
        await Refused.ForAsync(Reasons.UnknownMessage, () => DownloadAsync(house["DE"], "no id", ByteString.Empty));
    }

    [Fact]
    [Refuses(Reasons.StoreUnavailable)]
    public async Task A_store_that_cannot_write_asks_for_the_same_bytes_again()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        await house.Log.DisposeAsync();

        var refused = await Refused.ForAsync(Reasons.StoreUnavailable, () => house["FR"].SubmitAsync(message));

        Assert.NotNull(refused.RetryAfter);
        Assert.NotEmpty(house.Logs.Errors);
        house.Logs.Forget();
    }

    private static async Task DownloadAsync(Party party, string messageId, ByteString sha256)
    {
        using var call = party.Exchange.DownloadContent(new ContentRequest { MessageId = messageId, Sha256 = sha256 }, cancellationToken: Cancel);
        await call.ResponseStream.MoveNext(Cancel);
    }
}
