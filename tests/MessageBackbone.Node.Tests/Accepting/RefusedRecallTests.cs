using Google.Protobuf;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Accepting;

public sealed class RefusedRecallTests
{
    private const string Accepting = "message.accepted.v1";

    [Fact]
    public async Task An_order_must_hold_what_its_kind_says_signed_as_its_header_is()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var message = await SubmitAsync(house);
        var good = house.OrderOf(message);

        await RefusedAsync(house, Reasons.BodyMismatch, "envelope.body", house.Order("FR", message, order: good, signer: house["ES"]));
        await RefusedAsync(house, Reasons.BodyMismatch, "envelope.body", house.Order("FR", message, order: With(good, o => o.Reason = "sent in error")));
        await RefusedAsync(house, Reasons.BodyMismatch, "envelope.body", house.Order("FR", message, order: With(good, o => o.MessageId = Unknown(house))));
        await RefusedAsync(house, Reasons.BodyMismatch, "envelope.body", house.Order("FR", message, header => header.Kind = Recalls.StatementKind));
        await RefusedAsync(house, Reasons.BodyMismatch, "envelope.body", Words(house, message));
        await RefusedAsync(house, Reasons.FieldInvalid, "info", house.Order("FR", message, header =>
        {
            header.To.Remove("ES");
            header.Info.Add("ES");
        }));
        var sealedOrder = house["FR"].Compose(house["DE"], header => (header.Kind, header.InReplyTo) = (Recalls.OrderKind, good.MessageId));
        await RefusedAsync(house, Reasons.FieldInvalid, "body_form", sealedOrder);

        Assert.Equal(1, await house.CountAsync(Accepting));
        await house["FR"].SubmitAsync(house.Order("FR", message));
    }

    [Fact]
    [Refuses(Reasons.UnknownMessage)]
    public async Task Nobody_recalls_another_s_message_or_learns_whether_it_exists()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var message = await SubmitAsync(house);
        var none = With(house.OrderOf(message), order => order.MessageId = Unknown(house));

        var foreign = await RefusedAsync(house, Reasons.UnknownMessage, "in_reply_to", house.Order("ES", message, header => header.To.Remove("ES")), "ES");
        var unknown = await RefusedAsync(
            house, Reasons.UnknownMessage, "in_reply_to", house.Order("ES", message, header => (_, header.InReplyTo) = (header.To.Remove("ES"), none.MessageId), none),
            "ES");

        Assert.Equal(foreign.Text, unknown.Text);
        Assert.Equal(foreign.Fields, unknown.Fields);
        Assert.Equal(foreign.Metadata, unknown.Metadata);
    }

    [Fact]
    public async Task An_order_is_about_the_accepted_header_and_goes_to_its_recipients_only_and_is_not_recalled_itself()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES", "GB");
        var message = await SubmitAsync(house);
        var other = With(house.OrderOf(message), order => order.HeaderSha256 = ByteString.CopyFrom(new byte[32]));

        await RefusedAsync(house, Reasons.FieldInvalid, "header_sha256", house.Order("FR", message, order: other));
        await RefusedAsync(house, Reasons.FieldInvalid, "to", house.Order("FR", message, header => header.To.Add("GB")));
        var order = house.Order("FR", message);
        await house["FR"].SubmitAsync(order);
        await RefusedAsync(house, Reasons.FieldInvalid, "in_reply_to", house.Order("FR", order));
    }

    [Fact]
    public async Task A_statement_comes_from_whom_the_order_asks_and_goes_to_its_sender()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES", "GB");
        var message = await SubmitAsync(house);
        var order = house.Order("FR", message, header => header.To.Remove("ES"));
        await house["FR"].SubmitAsync(order);
        var good = house.StatementOf(message, "DE");

        await RefusedAsync(house, Reasons.UnknownMessage, "in_reply_to", house.Statement("GB", order, house.StatementOf(message, "GB")), "GB");
        // A recipient of the message, whom this order does not ask.
        await RefusedAsync(house, Reasons.UnknownMessage, "in_reply_to", house.Statement("ES", order, house.StatementOf(message, "ES")), "ES");
        await RefusedAsync(house, Reasons.UnknownMessage, "in_reply_to", house.Statement("DE", message, good), "DE");
        await RefusedAsync(house, Reasons.FieldInvalid, "to", house.Statement("DE", order, good, header => header.To.Add("GB")), "DE");
        await RefusedAsync(house, Reasons.BodyMismatch, "envelope.body", house.Statement("DE", order, house.StatementOf(message, "ES")), "DE");
        await RefusedAsync(house, Reasons.BodyMismatch, "envelope.body", house.Statement("DE", order, With(good, s => s.LegalBasis = "StPO")), "DE");
        var otherHeader = With(good, statement => statement.HeaderSha256 = ByteString.CopyFrom(new byte[32]));
        await RefusedAsync(house, Reasons.FieldInvalid, "message_id", house.Statement("DE", order, otherHeader), "DE");
        await house["DE"].SubmitAsync(house.Statement("DE", order, good));

        Assert.Equal(3, await house.CountAsync(Accepting));
    }

    private static async Task<Envelope> SubmitAsync(House house)
    {
        var message = house["FR"].Compose([house["DE"], house["ES"]]);
        await house["FR"].SubmitAsync(message);
        return message;
    }

    private static async Task<Refused> RefusedAsync(House house, string reason, string field, Envelope envelope, string from = "FR")
    {
        var refused = await Refused.ForAsync(reason, () => house[from].SubmitAsync(envelope));
        Assert.Contains(field, refused.Fields);
        return refused;
    }

    private static Envelope Words(House house, Envelope message) => house["FR"].Compose([house["DE"]], header =>
        (header.Kind, header.BodyForm, header.InReplyTo) = (Recalls.OrderKind, BodyForm.Clear, house["FR"].HeaderOf(message).MessageId));

    private static string Unknown(House house) => MessageId.New(house.Clock.GetUtcNow()).Value;

    private static T With<T>(T message, Action<T> change)
        where T : IDeepCloneable<T>
    {
        var changed = message.Clone();
        change(changed);
        return changed;
    }
}
