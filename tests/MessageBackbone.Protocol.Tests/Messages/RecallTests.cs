using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Messages;

public sealed class RecallTests
{
    private static readonly Envelope Recalled = Sample.Message(to: ["DE", "ES"]);

    private static MessageHeader RecalledHeader => HeaderOf(Recalled).Header;

    private static RecallOrder Order(Action<RecallOrder>? change = null)
    {
        var order = new RecallOrder
        {
            MessageId = RecalledHeader.MessageId,
            HeaderSha256 = ByteString.CopyFrom(Digests.Sha256(Recalled.Header.Span)),
            Reason = "SENT_IN_ERROR",
            At = Timestamp.FromDateTimeOffset(Sample.Now),
        };
        change?.Invoke(order);
        return order;
    }

    private static Envelope Compose(RecallOrder order) =>
        Recalls.Compose(order, RecalledHeader, ["DE", "ES"], Precedence.Flash, Sample.Bureau("FR").Sign!, MessageId.New(Sample.Now), Sample.Now);

    private static Envelope Answer(RecallState state, string basis, string recipient = "DE") => Recalls.Compose(
        new RecallStatement
        {
            MessageId = RecalledHeader.MessageId,
            HeaderSha256 = Order().HeaderSha256,
            Reason = Order().Reason,
            At = Order().At,
            Recipient = recipient,
            State = state,
            LegalBasis = basis,
        },
        HeaderOf(Compose(Order())).Header, Sample.Bureau(recipient).Sign!, MessageId.New(Sample.Now), Sample.Now);

    [Fact]
    public void An_order_is_an_ordinary_message_that_every_recipient_opens_and_verifies()
    {
        var opened = Assert.IsType<OpeningOutcome.Opened>(MessageOpening.Open(Compose(Order()), Sample.View("ES")));

        Assert.True(Recalls.TryReadOrder(opened.Signed, opened.Header, opened.Content, out var order, out var problem), problem);
        Assert.Equal((RecalledHeader.MessageId, "SENT_IN_ERROR"), (order.MessageId, order.Reason));
        Assert.Equal(
            (RecalledHeader.MessageId, RecalledHeader.ConversationId, RecalledHeader.Reference, BodyForm.Clear, Recalls.OrderKind),
            (opened.Header.InReplyTo, opened.Header.ConversationId, opened.Header.Reference, opened.Header.BodyForm, opened.Header.Kind));
    }

    [Theory]
    [InlineData(RecallState.Deleted, "")]
    [InlineData(RecallState.NotHeld, "")]
    [InlineData(RecallState.Retained, "StPO 101/8")]
    public void A_statement_goes_to_the_sender_of_the_order_that_it_answers(RecallState state, string basis)
    {
        var opened = Assert.IsType<OpeningOutcome.Opened>(MessageOpening.Open(Answer(state, basis), Sample.View("FR", "DE")));

        Assert.True(Recalls.TryReadStatement(opened.Signed, opened.Header, opened.Content, out var statement, out var problem), problem);
        Assert.Equal((state, basis, "DE"), (statement.State, statement.LegalBasis, statement.Recipient));
        Assert.Equal("FR", Assert.Single(opened.Header.To));
    }

    [Theory]
    [InlineData(RecallState.Retained, "")]
    [InlineData(RecallState.Deleted, "StPO 101/8")]
    [InlineData(RecallState.Retained, "free, text!")]
    [InlineData(RecallState.Unspecified, "")]
    [InlineData((RecallState)9, "")]
    public void A_statement_against_the_rules_is_not_built(RecallState state, string basis) =>
        Assert.Throws<ArgumentException>(() => Answer(state, basis));

    [Theory]
    [InlineData("")]
    [InlineData("sent in error")]
    public void An_order_s_reason_is_a_code(string reason) => Assert.Throws<ArgumentException>(() => Compose(Order(o => o.Reason = reason)));

    [Fact]
    public async Task What_openssl_signs_is_an_order()
    {
        using var openssl = new OpenSsl();
        var sign = Sample.Bureau("FR").Sign!;
        openssl.Write("sign.pem", Sample.Pem(sign));
        openssl.Write("sign.key", Sample.KeyPem(sign));
        var written = Order(o => o.Type = RecallOrder.Descriptor.FullName);
        openssl.Write("order.bin", written.ToByteArray());
        await openssl.RunAsync(
            "cms -sign -binary -nodetach -nosmimecap -cades -md sha256 -outform DER -signer sign.pem -inkey sign.key -in order.bin -out order.cms");
        var (signed, header) = HeaderOf(Compose(Order()));

        var read = Recalls.TryReadOrder(signed, header, new SealedContent { Data = ByteString.CopyFrom(openssl.Read("order.cms")) }, out var order, out var problem);

        Assert.True(read, problem);
        Assert.Equal(written, order);
    }

    [Fact]
    public void What_is_inside_is_signed_by_the_certificate_of_its_message_and_is_about_what_it_answers()
    {
        var (signed, header) = HeaderOf(Compose(Order()));

        NotRead(signed, header, Order(), "ES", "another certificate");
        NotRead(signed, header, Order(o => o.MessageId = MessageId.New(Sample.Now).Value), "FR", "another message");
        NotRead(signed, header, Order(o => o.HeaderSha256 = ByteString.CopyFrom(new byte[31])), "FR", "header_sha256");
        var statement = HeaderOf(Answer(RecallState.Deleted, ""));
        NotRead(statement.Signed, statement.Header, Order(), "DE", "another message");
        Assert.False(Recalls.TryReadStatement(signed, header, SealedBodyOf(Compose(Order())), out _, out _));
    }

    [Fact]
    public void A_changed_bit_does_not_verify()
    {
        var envelope = Compose(Order());
        var (signed, header) = HeaderOf(envelope);
        var content = SealedBodyOf(envelope);
        var bytes = content.Data.ToByteArray();
        bytes[^1] ^= 1;
        content.Data = ByteString.CopyFrom(bytes);

        Assert.False(Recalls.TryReadOrder(signed, header, content, out var order, out var problem));
        Assert.Null(order);
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Signed_again_it_says_the_same_under_the_new_certificate()
    {
        var content = SealedBodyOf(Compose(Order()));
        var renewed = Sample.Authority.IssueAll(Holder.Bureau("FR"), Sample.Now).OpenKeys();

        var again = Recalls.SignAgain(content, renewed.Sign!, Sample.Now);

        Assert.True(ReceiptBuilding.TryRead(again.Data.Memory, RecallOrder.Parser, out var signed, out var order, out _));
        Assert.Equal(renewed.Sign!.RawData, signed.CertificateDer.ToArray());
        Assert.True(signed.VerifySignature());
        Assert.Equal(Order().HeaderSha256, order.HeaderSha256);
    }

    private static void NotRead(SignedObject signed, MessageHeader header, RecallOrder order, string signer, string expected)
    {
        var data = ByteString.CopyFrom(ReceiptBuilding.Sign(order, Sample.Bureau(signer).Sign!, Sample.Now));
        Assert.False(Recalls.TryReadOrder(signed, header, new SealedContent { Data = data }, out var read, out var problem));
        Assert.Null(read);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    private static SealedContent SealedBodyOf(Envelope envelope) => SealedContent.Parser.ParseFrom(envelope.Body);

    private static (SignedObject Signed, MessageHeader Header) HeaderOf(Envelope envelope)
    {
        Assert.True(ReceiptBuilding.TryRead(envelope.Header.Memory, MessageHeader.Parser, out var signed, out var header, out var problem), problem);
        return (signed, header);
    }
}
