using Google.Protobuf;
using MessageBackbone.Domain.Messages;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Messages;

public sealed class RecallRulesTests
{
    private const string OrderId = "0199a1b2-0000-7000-8000-0000000000aa";

    private static Accepted Original(string kind = "text")
    {
        var original = Sample.Accepted("FR", 1, "DE", "ES");
        original.Content.Kind = kind;
        return original;
    }

    private static Accepted OrderMessage(string kind = Recalls.OrderKind) => new()
    {
        Content = new MessageHeader { MessageId = OrderId, From = "FR", Kind = kind, InReplyTo = Sample.MessageId },
        Recipients = { "DE" },
    };

    private static RecallOrder Order(byte header = 1) => new() { MessageId = Sample.MessageId, HeaderSha256 = Sample.Hash(header), Reason = "ERROR" };

    private static RecallStatement Statement(byte header = 1, string about = Sample.MessageId) =>
        new() { MessageId = about, HeaderSha256 = Sample.Hash(header), Recipient = "DE", State = RecallState.Deleted };

    private static MessageHeader From(string bureau, params string[] to) => new() { From = bureau, To = { to } };

    [Fact]
    public void The_sender_recalls_from_all_or_some_recipients_and_from_nobody_else()
    {
        Assert.Null(RecallRules.OfOrder(Original(), From("FR", "DE", "ES"), Order()));
        Assert.Null(RecallRules.OfOrder(Original(), From("FR", "ES"), Order()));
        Refused(RecallRules.OfOrder(Original(), From("FR", "DE", "GB"), Order()), Reasons.FieldInvalid, "to");
    }

    [Fact]
    public void Another_s_message_and_none_are_answered_alike()
    {
        var foreign = RecallRules.OfOrder(Original(), From("ES", "DE"), Order());
        var none = RecallRules.OfOrder(null, From("ES", "DE"), Order());

        Refused(foreign, Reasons.UnknownMessage, "in_reply_to");
        Assert.Equal((none!.Reason, none.Text), (foreign!.Reason, foreign.Text));
    }

    [Fact]
    public void Another_header_and_an_order_itself_are_not_recalled()
    {
        Refused(RecallRules.OfOrder(Original(), From("FR", "DE"), Order(header: 2)), Reasons.FieldInvalid, "header_sha256");
        Refused(RecallRules.OfOrder(Original(Recalls.OrderKind), From("FR", "DE"), Order()), Reasons.FieldInvalid, "in_reply_to");
    }

    [Fact]
    public void Only_whom_the_order_names_answers_it_and_its_sender_alone_gets_the_answer()
    {
        Assert.Null(RecallRules.OfStatement(OrderMessage(), Original(), From("DE", "FR"), Statement()));
        Refused(RecallRules.OfStatement(OrderMessage(), Original(), From("ES", "FR"), Statement()), Reasons.UnknownMessage, "in_reply_to");
        Refused(RecallRules.OfStatement(null, Original(), From("DE", "FR"), Statement()), Reasons.UnknownMessage, "in_reply_to");
        Refused(RecallRules.OfStatement(OrderMessage("text"), Original(), From("DE", "FR"), Statement()), Reasons.UnknownMessage, "in_reply_to");
        Refused(RecallRules.OfStatement(OrderMessage(), Original(), From("DE", "ES"), Statement()), Reasons.FieldInvalid, "to");
        Refused(RecallRules.OfStatement(OrderMessage(), Original(), From("DE", "FR", "ES"), Statement()), Reasons.FieldInvalid, "to");
    }

    [Fact]
    public void A_statement_is_about_the_message_of_its_order()
    {
        Refused(RecallRules.OfStatement(OrderMessage(), Original(), From("DE", "FR"), Statement(header: 2)), Reasons.FieldInvalid, "message_id", "header_sha256");
        Refused(
            RecallRules.OfStatement(OrderMessage(), Original(), From("DE", "FR"), Statement(about: OrderId)), Reasons.FieldInvalid, "message_id",
            "header_sha256");
    }

    [Fact]
    public void Each_order_is_recorded_once_in_the_stream_of_the_message_that_it_recalls()
    {
        var known = Message.Evolve(Message.Unknown, Original());
        var ordered = new OrderRecall(new RecallOrdered { MessageId = Sample.MessageId, OrderId = OrderId });

        var after = Message.Evolve(known, Message.Decide(known, ordered).Only<RecallOrdered>());

        Message.Decide(after, ordered).AddsNothing();
        Message.Decide(after, new OrderRecall(new RecallOrdered { MessageId = Sample.MessageId, OrderId = Sample.ActId(9) })).Only<RecallOrdered>();
        Message.Decide(Message.Unknown, ordered).IsRefused(Reasons.UnknownMessage, "message_id");
        // The id stays taken by the first header, recalled or not.
        Message.Decide(after, new Accept(Original())).AddsNothing();
        Assert.Equal(ByteString.CopyFromUtf8("header 1"), after.Acceptance!.Header);
    }

    private static void Refused(Rejection? rejection, string reason, params string[] fields)
    {
        Assert.NotNull(rejection);
        Assert.Equal(reason, rejection.Reason);
        Assert.Equal(fields, rejection.Fields);
    }
}
