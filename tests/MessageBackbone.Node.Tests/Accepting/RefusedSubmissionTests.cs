using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Accepting;

public sealed class RefusedSubmissionTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private readonly House _house = shared.House;

    private Party France => _house["FR"];

    private Party Germany => _house["DE"];

    private Party Spain => _house["ES"];

    private Task<Refused> RefusedAsync(string reason, Envelope envelope) => Refused.ForAsync(reason, () => France.SubmitAsync(envelope));

    private Task<Refused> RefusedAsync(string reason, Action<MessageHeader> change) =>
        RefusedAsync(reason, France.Resign(France.Compose(Germany), change));

    [Fact]
    [Refuses(Reasons.Malformed)]
    public async Task A_header_of_random_bytes_is_malformed()
    {
        var envelope = new Envelope { Header = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(64 * 1024)), Body = ByteString.CopyFromUtf8("x") };

        Assert.Equal(["envelope.header"], (await RefusedAsync(Reasons.Malformed, envelope)).Fields);
        await Refused.ForAsync(Reasons.Malformed, () => France.SubmitAsync(null!));
    }

    [Fact]
    [Refuses(Reasons.Malformed)]
    public async Task A_header_with_a_field_that_nobody_knows_is_malformed()
    {
        var header = France.Read(France.Compose(Germany).Header).Content.ToArray();
        byte[] unknown = [.. header, 0xF8, 0x07, 0x01]; // field 127, a varint

        var signed = SignedObject.Create(unknown, France.Keys.Sign!, _house.Clock.GetUtcNow());

        await RefusedAsync(Reasons.Malformed, new Envelope { Header = ByteString.CopyFrom(signed) });
    }

    [Fact]
    [Refuses(Reasons.FieldInvalid)]
    public async Task Fields_at_fault_are_named()
    {
        var refused = await RefusedAsync(Reasons.FieldInvalid, header =>
        {
            header.Handling.Purpose = Purpose.Unspecified;
            header.Kind = "Text\u202e";
        });

        Assert.Equal(["kind", "handling.purpose"], refused.Fields);
        Assert.DoesNotContain("\u202e", refused.Text, StringComparison.Ordinal);
        Assert.Equal(["attachments[0]"], (await RefusedAsync(Reasons.FieldInvalid, header => header.Attachments.Add(new ContentRef
        {
            Sha256 = ByteString.CopyFrom(new byte[32]),
            Size = 1,
            MediaType = "text/plain",
        }))).Fields);
    }

    [Fact]
    [Refuses(Reasons.BodyMismatch)]
    public async Task A_body_that_the_header_does_not_name_or_that_is_sealed_to_others_does_not_fit()
    {
        var message = France.Compose(Germany);
        var other = France.Compose(Germany);

        await RefusedAsync(Reasons.BodyMismatch, new Envelope { Header = message.Header, Body = other.Body });
        // Sealed to DE and ES, while the header names DE only: a hidden recipient.
        await RefusedAsync(Reasons.BodyMismatch, France.Resign(France.Compose([Germany, Spain]), header => header.To.Remove("ES")));
        await RefusedAsync(Reasons.BodyMismatch, France.Resign(message, header => header.To.Add("ES")));
        await RefusedAsync(Reasons.BodyMismatch, WithBody(message, ByteString.CopyFromUtf8("no CMS")));
    }

    [Fact]
    public async Task A_body_may_be_sealed_to_the_sender_too()
    {
        Assert.False((await France.SubmitAsync(France.Compose(Germany, null, France))).Duplicate);
    }

    [Fact]
    [Refuses(Reasons.TooManyRecipients)]
    public async Task More_recipients_than_allowed_are_too_many()
    {
        await RefusedAsync(Reasons.TooManyRecipients, header => header.To.AddRange(Enumerable.Range(0, 500).Select(i => $"XX-{i}")));
    }

    [Fact]
    [Refuses(Reasons.ClockSkew)]
    public async Task A_time_ahead_of_the_clock_is_refused_from_five_minutes_on()
    {
        var now = _house.Clock.GetUtcNow();

        Assert.Equal(
            ["created_at"], (await RefusedAsync(Reasons.ClockSkew, header => header.CreatedAt = now.AddMinutes(6).ToTimestamp())).Fields);
        Assert.Equal(["message_id"], (await RefusedAsync(Reasons.ClockSkew, header => header.MessageId = MessageId.New(now.AddMinutes(6)).Value)).Fields);
        Assert.False((await France.SubmitAsync(France.Resign(France.Compose(Germany), header => header.CreatedAt = now.AddMinutes(4).ToTimestamp()))).Duplicate);
    }

    [Fact]
    [Refuses(Reasons.Expired)]
    public async Task What_is_too_old_or_past_its_time_has_expired()
    {
        var now = _house.Clock.GetUtcNow();

        Assert.Equal(["created_at"], (await RefusedAsync(Reasons.Expired, header => header.CreatedAt = now.AddDays(-31).ToTimestamp())).Fields);
        Assert.Equal(["deliver_by"], (await RefusedAsync(Reasons.Expired, header =>
        {
            header.CreatedAt = now.AddMinutes(-10).ToTimestamp();
            header.DeliverBy = now.AddMinutes(-1).ToTimestamp();
        })).Fields);
    }

    [Fact]
    [Refuses(Reasons.TooLarge)]
    public async Task A_header_or_a_body_above_its_size_is_too_large()
    {
        var message = France.Compose(Germany);

        Assert.Equal(
            ["envelope.header"],
            (await RefusedAsync(Reasons.TooLarge, new Envelope { Header = ByteString.CopyFrom(new byte[(64 * 1024) + 1]), Body = message.Body })).Fields);
        Assert.Equal(
            ["envelope.body"],
            (await RefusedAsync(Reasons.TooLarge, new Envelope { Header = message.Header, Body = ByteString.CopyFrom(new byte[1_310_721]) })).Fields);
    }

    [Theory]
    [Refuses(Reasons.TooLarge)]
    [InlineData(3_600_000)]
    [InlineData(4_000_000)]
    [InlineData(12_000_000)]
    public async Task Far_above_every_size_is_too_large_too(int size)
    {
        var message = France.Compose(Germany);

        await RefusedAsync(Reasons.TooLarge, new Envelope { Header = message.Header, Body = ByteString.CopyFrom(new byte[size]) });
    }

    [Fact]
    [Refuses(Reasons.BadSignature)]
    public async Task A_signature_over_other_bytes_is_bad()
    {
        var message = France.Compose(Germany);
        var altered = message.Header.ToByteArray();
        altered[^1] ^= 1;

        await RefusedAsync(Reasons.BadSignature, new Envelope { Header = ByteString.CopyFrom(altered), Body = message.Body });
    }

    [Fact]
    [Refuses(Reasons.CertificateNotValid)]
    public async Task A_signer_who_was_never_enrolled_is_not_valid()
    {
        using var stranger = _house.Issue(Holder.Bureau("FR"));

        await RefusedAsync(Reasons.CertificateNotValid, France.Resign(France.Compose(Germany), _ => { }, stranger));
    }

    [Fact]
    [Refuses(Reasons.SignerIsNotSender)]
    public async Task Nobody_signs_for_another()
    {
        await RefusedAsync(Reasons.SignerIsNotSender, France.Resign(France.Compose(Germany), _ => { }, Germany));
    }

    [Fact]
    [Refuses(Reasons.NotYourBureau)]
    public async Task Nobody_sends_for_another()
    {
        await Refused.ForAsync(Reasons.NotYourBureau, () => Germany.SubmitAsync(France.Compose(Germany)));
    }

    [Fact]
    [Refuses(Reasons.ClassificationNotPermitted)]
    public async Task What_is_too_secret_for_a_recipient_or_not_sealed_is_not_permitted()
    {
        var refused = await RefusedAsync(Reasons.ClassificationNotPermitted, France.Compose(_house["GB"]));
        Assert.Equal("GB", refused.Metadata["bureau"]);

        await RefusedAsync(Reasons.ClassificationNotPermitted, France.Compose(Germany, header => header.BodyForm = BodyForm.Clear));
        Assert.False((await France.SubmitAsync(France.Compose(Germany, header =>
        {
            header.BodyForm = BodyForm.Clear;
            header.Kind = "alert.cap";
        }))).Duplicate);
    }

    [Fact]
    [Refuses(Reasons.UnknownRecipient)]
    public async Task A_recipient_who_takes_no_part_is_unknown()
    {
        var refused = await RefusedAsync(Reasons.UnknownRecipient, header => header.Info.Add("JP"));

        Assert.Equal("JP", refused.Metadata["bureau"]);
    }

    [Fact]
    [Refuses(Reasons.DuplicateIdDifferentBytes)]
    public async Task Other_bytes_under_an_id_that_was_accepted_are_refused_and_recorded()
    {
        var message = France.Compose(Germany);
        await France.SubmitAsync(message);
        var other = France.Resign(message, header => header.Reference = "FR-2");

        await RefusedAsync(Reasons.DuplicateIdDifferentBytes, other);

        var refusals = (await _house.ReadAsync(StreamId.Security)).Select(recorded => SubmissionRefused.Parser.ParseFrom(recorded.Data.Span));
        var fact = Assert.Single(refusals, refused => refused.Reason == Reasons.DuplicateIdDifferentBytes);
        Assert.Equal((France.Keys.Holder.Uri, 1ul, ByteString.CopyFrom(Digests.Sha256(other.Header.Span))), (fact.Caller, fact.Count, fact.HeaderSha256));
    }

    private Envelope WithBody(Envelope envelope, ByteString body)
    {
        var resigned = France.Resign(envelope, header =>
        {
            header.BodySha256 = ByteString.CopyFrom(Digests.Sha256(body.Span));
            header.BodySize = (ulong)body.Length;
        });
        resigned.Body = body;
        return resigned;
    }
}
