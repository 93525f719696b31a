using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Messages;

public sealed class MessageOpeningTests
{
    [Theory]
    [InlineData(BodyForm.Sealed)]
    [InlineData(BodyForm.Clear)]
    public void What_is_composed_opens_for_every_recipient(BodyForm form)
    {
        var envelope = Sample.Message(form, "FR", "Bonjour\n", "DE", "ES");

        foreach (var self in new[] { "DE", "ES" })
        {
            var opened = Assert.IsType<OpeningOutcome.Opened>(MessageOpening.Open(envelope, Sample.View(self)));
            Assert.Equal("Bonjour\n", opened.Content.Text);
            Assert.Equal("FR", opened.Header.From);
            Assert.Equal(opened.Header.ContentSha256.ToByteArray(), SHA256.HashData(opened.ContentBytes.Span));
        }
    }

    [Fact]
    public void Every_bit_changed_in_header_or_body_is_refused_with_the_reason_of_its_part()
    {
        var envelope = Sample.Message();
        // Every 3rd bit reaches every byte and, over three neighbouring bytes, every place within one.
        for (var bit = 0; bit < envelope.Header.Length * 8; bit += 3)
        {
            Assert.Equal(Reasons.SignatureInvalid, Reason(new Envelope { Header = Flip(envelope.Header, bit), Body = envelope.Body }));
        }
        for (var bit = 0; bit < envelope.Body.Length * 8; bit++)
        {
            Assert.Equal(Reasons.ContentMismatch, Reason(new Envelope { Header = envelope.Header, Body = Flip(envelope.Body, bit) }));
        }
    }

    [Fact]
    public void A_borrowed_body_is_not_for_us_even_when_its_thief_signs_for_it()
    {
        var stolen = Sample.Message();
        var mine = Sample.Message(from: "ES");
        var borrowed = Sample.Resigned(mine, h => Adopt(h, stolen), "ES");
        borrowed.Body = stolen.Body;

        Assert.Equal(Reasons.NotForUs, Reason(borrowed, Sample.View("DE", "ES")));
    }

    [Fact]
    public void A_body_of_the_same_sender_under_another_id_is_not_for_us()
    {
        var earlier = Sample.Message();
        var replayed = Sample.Resigned(Sample.Message(), h => Adopt(h, earlier));
        replayed.Body = earlier.Body;

        Assert.Equal(Reasons.NotForUs, Reason(replayed));
    }

    [Fact]
    public void A_recipient_left_out_of_the_content_makes_it_not_for_us()
    {
        var envelope = Sample.Resigned(Sample.Message(BodyForm.Clear, "FR", "x", "DE", "ES"), h => h.To.RemoveAt(1));

        Assert.Equal(Reasons.NotForUs, Reason(envelope));
    }

    [Fact]
    public void A_message_for_others_is_not_for_us() => Assert.Equal(Reasons.NotForUs, Reason(Sample.Message(BodyForm.Clear, "FR", "x", "ES")));

    [Fact]
    public void A_body_that_opens_to_other_content_than_the_header_names_is_a_content_mismatch()
    {
        var first = Sample.Message(text: "pay 10");
        var second = Sample.Resigned(first, h => h.ContentSha256 = ByteString.CopyFrom(SHA256.HashData("pay 1000"u8)));

        Assert.Equal(Reasons.ContentMismatch, Reason(second));
    }

    [Fact]
    public void A_body_with_two_meanings_opens_for_one_recipient_at_most()
    {
        // A second content key under the same ciphertext and tag would need a collision; without one, the second recipient's tag is
        // wrong. And were there one, content_sha256 names one of the two contents.
        var de = Sample.Bureau("DE").Seal!;
        var es = Sample.Bureau("ES").Seal!;
        var envelope = Sample.Message(BodyForm.Sealed, "FR", "x", "DE", "ES");
        var body = DerNode.Parse(envelope.Body.Span);
        var other = DerNode.Parse(SealedBody.Seal("another meaning"u8, [es]));
        var agreement = body[1][0][1][0];
        var own = agreement.Clone();
        own[3].Children.RemoveAt(1);
        body[1][0][1].Children.Clear();
        body[1][0][1].Children.AddRange([own, other[1][0][1][0]]);
        body[1][0][1].Children.Sort((a, b) => a.Encode().AsSpan().SequenceCompareTo(b.Encode()));
        var bytes = body.Encode();
        var forged = Sample.Resigned(new Envelope { Header = envelope.Header, Body = ByteString.CopyFrom(bytes) }, h => Name(h, bytes));

        Assert.True(SealedBody.TryRead(bytes, out var read, out var problem), problem);
        Assert.True(read.IsFor(de) && read.IsFor(es));
        Assert.IsType<OpeningOutcome.Opened>(MessageOpening.Open(forged, Sample.View()));
        Assert.Equal(Reasons.CannotOpen, Reason(forged, Sample.View("ES")));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    public void A_hidden_extra_recipient_or_a_missing_one_cannot_be_opened(int sealedTo)
    {
        var to = new[] { "DE", "ES" };
        var draft = Sample.Message(BodyForm.Clear, "FR", "x", to);
        X509Certificate2[] seals = sealedTo == 0
            ? [Sample.Bureau("DE").Seal!]
            : [Sample.Bureau("DE").Seal!, Sample.Bureau("ES").Seal!, Sample.Bureau("FR").Seal!, Sample.Bureau("GB").Seal!];
        var body = SealedBody.Seal(draft.Body.Span, seals);
        var envelope = Sample.Resigned(new Envelope { Header = draft.Header, Body = ByteString.CopyFrom(body) }, h =>
        {
            h.BodyForm = BodyForm.Sealed;
            Name(h, body);
        });

        Assert.Equal(Reasons.CannotOpen, Reason(envelope));
    }

    [Fact]
    public void A_signer_who_is_not_enrolled_or_not_the_sender_is_a_bad_signature()
    {
        var envelope = Sample.Message();

        Assert.Equal(Reasons.SignatureInvalid, Reason(envelope, Sample.View("DE", "ES")));
        Assert.Equal(Reasons.SignatureInvalid, Reason(Sample.Resigned(envelope, h => h.From = "ES")));
        Assert.Equal(Reasons.SignatureInvalid, Reason(Sample.Resigned(envelope, h => h.From = "FR-SDLC")));
    }

    [Fact]
    public void A_node_signs_for_the_houses_own_code_a_report_of_nondelivery_and_nothing_else()
    {
        var node = Sample.Of(new Holder(HolderRole.Node, "node")).Sign!;
        var house = BureauCode.Parse("IPSG");
        var view = new OpeningView(BureauCode.Parse("DE"), [node], Sample.Bureau("DE").SealKeys, house);
        Envelope Compose(string kind, string from)
        {
            var header = Sample.Header(BodyForm.Clear, "DE");
            header.Kind = kind;
            return MessageComposing.Compose(
                new MessageDraft(header, new SealedContent()), [], node, MessageId.New(Sample.Now), BureauCode.Parse(from), Sample.Now);
        }

        Assert.IsType<OpeningOutcome.Opened>(MessageOpening.Open(Compose("report.nondelivery", "IPSG"), view));
        Assert.Equal(Reasons.SignatureInvalid, Reason(Compose("order.recall", "IPSG"), view));
        Assert.Equal(Reasons.SignatureInvalid, Reason(Compose("report.nondelivery", "FR"), view));
        Assert.Equal(Reasons.SignatureInvalid, Reason(Compose("report.nondelivery", "IPSG"), view with { House = null }));
    }

    [Fact]
    public void A_bureau_signs_no_report_of_nondelivery_whatever_its_code_is()
    {
        var bureau = Sample.Bureau("FR").Sign!;
        var header = Sample.Header(BodyForm.Clear, "DE");
        header.Kind = "report.nondelivery";
        var envelope = MessageComposing.Compose(
            new MessageDraft(header, new SealedContent()), [], bureau, MessageId.New(Sample.Now), BureauCode.Parse("FR"), Sample.Now);

        Assert.Equal(
            Reasons.SignatureInvalid,
            Reason(envelope, new OpeningView(BureauCode.Parse("DE"), [bureau], Sample.Bureau("DE").SealKeys, BureauCode.Parse("FR"))));
    }

    [Fact]
    public void Content_that_is_not_canonical_or_not_clean_cannot_be_opened()
    {
        // an unknown field
        Assert.Equal(Reasons.CannotOpen, Reason(Clear([.. Content(Sample.Message(BodyForm.Clear)).ToByteArray(), 0xf8, 0x3f, 1])));
        Assert.Equal(Reasons.CannotOpen, Reason(Clear("no protocol buffer"u8.ToArray())));
        var dirty = Sample.Message(BodyForm.Clear);
        var content = Content(dirty);
        content.Subject = "tidy\u202egnp.exe";
        Assert.Equal(Reasons.CannotOpen, Reason(Clear(CanonicalMessage.Write(content), dirty)));
    }

    [Fact]
    public void Composing_refuses_what_no_recipient_would_accept()
    {
        void Refuses(MessageHeader header, SealedContent content, IReadOnlyCollection<X509Certificate2> seals) => Assert.Throws<ArgumentException>(
            () => MessageComposing.Compose(new MessageDraft(header, content), seals, Sample.Bureau("FR").Sign!, MessageId.New(Sample.Now),
                BureauCode.Parse("FR"), Sample.Now));

        Refuses(Sample.Header(BodyForm.Sealed, "DE", "ES"), new SealedContent(), [Sample.Bureau("DE").Seal!]);
        Refuses(Sample.Header(BodyForm.Clear, "DE"), new SealedContent(), [Sample.Bureau("DE").Seal!]);
        Refuses(Sample.Header(BodyForm.Clear, "de"), new SealedContent(), []);
        Refuses(Sample.Header(BodyForm.Clear, "DE"), new SealedContent { Subject = "a\0b" }, []);
        X509Certificate2[] three = [Sample.Bureau("DE").Seal!, Sample.Bureau("ES").Seal!, Sample.Bureau("GB").Seal!];
        Refuses(Sample.Header(BodyForm.Sealed, "DE"), new SealedContent(), three);
    }

    private static SealedContent Content(Envelope clear) => SealedContent.Parser.ParseFrom(clear.Body);

    private static Envelope Clear(byte[] body, Envelope? of = null) =>
        Sample.Resigned(new Envelope { Header = (of ?? Sample.Message(BodyForm.Clear)).Header, Body = ByteString.CopyFrom(body) }, h =>
        {
            Name(h, body);
            h.ContentSha256 = h.BodySha256;
        });

    private static void Name(MessageHeader header, byte[] body)
    {
        header.BodySha256 = ByteString.CopyFrom(SHA256.HashData(body));
        header.BodySize = (ulong)body.Length;
    }

    private static void Adopt(MessageHeader header, Envelope stolen)
    {
        Assert.True(ReceiptBuilding.TryRead(stolen.Header.Memory, MessageHeader.Parser, out _, out var theirs, out _));
        header.BodySha256 = theirs.BodySha256;
        header.BodySize = theirs.BodySize;
        header.ContentSha256 = theirs.ContentSha256;
    }

    private static ByteString Flip(ByteString bytes, int bit)
    {
        var changed = bytes.ToByteArray();
        changed[bit / 8] ^= (byte)(1 << (bit % 8));
        return ByteString.CopyFrom(changed);
    }

    private static string Reason(Envelope envelope, OpeningView? view = null) =>
        Assert.IsType<OpeningOutcome.RefusedAs>(MessageOpening.Open(envelope, view ?? Sample.View())).Reason;
}
