using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Canonical;

public sealed class HeaderFieldsTests
{
    private static readonly MessageHeader _good = Good();

    public static TheoryData<string, Action<MessageHeader>> Bad => new()
    {
        { "message_id", h => h.MessageId = h.MessageId.ToUpperInvariant() },
        { "message_id", h => h.MessageId += "\n" },
        { "message_id", h => h.MessageId = "0198c1f0-0000-4000-8000-000000000000" },
        { "from", h => h.From = "fr" },
        { "from", h => h.From = "FR\n" },
        { "to", h => h.To.Clear() },
        { "to[1]", h => h.To.Add("DE") },
        { "to[1]", h => h.To.Add("DE-") },
        { "info[0]", h => h.Info.Add("DE") },
        { "alternates[0].instead_of", h => h.Alternates.Add(new Alternate { InsteadOf = "GB", Bureau = "ES" }) },
        { "alternates[0].bureau", h => h.Alternates.Add(new Alternate { InsteadOf = "DE", Bureau = "DE" }) },
        { "alternates[0].bureau", h => h.Alternates.Add(new Alternate { InsteadOf = "DE" }) },
        { "precedence", h => h.Precedence = Precedence.Unspecified },
        { "precedence", h => h.Precedence = (Precedence)5 },
        { "kind", h => h.Kind = "" },
        { "kind", h => h.Kind = "Text" },
        { "kind", h => h.Kind = "text\n" },
        { "kind", h => h.Kind = new string('a', 65) },
        { "conversation_id", h => h.ConversationId = "" },
        { "conversation_id", h => h.ConversationId = "0198C1F0-0000-4000-8000-000000000000" },
        { "in_reply_to", h => h.InReplyTo = "x" },
        { "reference", h => h.Reference = "Müller" },
        { "reference", h => h.Reference = "a\0" },
        { "created_at", h => h.CreatedAt = null },
        { "created_at", h => h.CreatedAt = new Timestamp { Seconds = long.MaxValue } },
        { "created_at", h => h.CreatedAt = new Timestamp { Seconds = 1, Nanos = -1 } },
        { "deliver_by", h => h.DeliverBy = h.CreatedAt },
        { "deliver_by", h => h.DeliverBy = new Timestamp { Seconds = -1 } },
        { "handling", h => h.Handling = null },
        { "handling.classification", h => h.Handling.Classification = (Classification)4 },
        { "handling.purpose", h => h.Handling.Purpose = Purpose.Unspecified },
        { "handling.codes[1]", h => h.Handling.Codes.Add(HandlingCode.H1) },
        { "handling.codes[1]", h => h.Handling.Codes.Add((HandlingCode)9) },
        { "handling.legal_basis", h => h.Handling.LegalBasis = "§ 5" },
        { "body_form", h => h.BodyForm = (BodyForm)3 },
        { "body_sha256", h => h.BodySha256 = ByteString.CopyFrom(new byte[31]) },
        { "body_size", h => h.BodySize = 0 },
        { "content_sha256", h => h.ContentSha256 = ByteString.Empty },
        { "content_sha256", h => h.BodyForm = BodyForm.Clear },
        { "attachments[0].sha256", h => h.Attachments.Add(new ContentRef { Sha256 = ByteString.CopyFrom(new byte[33]), MediaType = "a/b" }) },
        { "attachments[0].size", h => h.Attachments.Add(Attachment(a => a.Size = (10UL << 30) + 1)) },
        { "attachments[0].media_type", h => h.Attachments.Add(Attachment(a => a.MediaType = "A/b")) },
        { "attachments[1].sha256", h => h.Attachments.AddRange([Attachment(_ => { }), Attachment(_ => { })]) },
        { "topic", h => h.Topic = "1x" },
        { "deadline_class", h => h.DeadlineClass = "x y" },
        { "language", h => h.Language = "fr_FR" },
        { "language", h => h.Language = "fr-" },
    };

    [Fact]
    public void A_good_header_has_no_problem() => Assert.Empty(HeaderFields.Check(_good));

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void A_bad_field_is_named(string path, Action<MessageHeader> change)
    {
        var header = _good.Clone();
        change(header);

        var problems = HeaderFields.Check(header);

        Assert.Contains(problems, p => p.Path == path);
        Assert.All(problems, p => Assert.True(Patterns.IsOneLine(p.Text, 200)));
    }

    [Fact]
    public void A_header_full_of_problems_names_a_few()
    {
        var header = _good.Clone();
        header.To.AddRange(Enumerable.Repeat("x", 10_000));

        Assert.Equal(32, HeaderFields.Check(header).Count);
    }

    [Fact]
    public void Every_string_of_a_header_is_refused_with_a_control_in_it()
    {
        foreach (var field in MessageHeader.Descriptor.Fields.InFieldNumberOrder()
            .Where(f => f.FieldType == Google.Protobuf.Reflection.FieldType.String && f.FieldNumber != 100))
        {
            foreach (var control in new[] { "\0", "\n", "\u0085", "\u202e", "\ufeff", "\u2028" })
            {
                var header = _good.Clone();
                if (field.IsRepeated)
                    ((System.Collections.IList)field.Accessor.GetValue(header)).Add("ES" + control);
                else
                    field.Accessor.SetValue(header, (string)field.Accessor.GetValue(header) + control);
                Assert.True(HeaderFields.Check(header).Count > 0, field.Name);
            }
        }
    }

    [Theory]
    [InlineData("ok", true)]
    [InlineData("two\nlines\tand a tab\r\n", true)]
    [InlineData("שלום 你好 👮", true)]
    [InlineData("a\0b", false)]
    [InlineData("a\u009bb", false)]
    [InlineData("a\u202eb", false)]
    [InlineData("\ufeffa", false)]
    [InlineData("a\u2067b", false)]
    [InlineData("a\u001b[31m", false)]
    public void A_text_holds_lines_but_no_other_controls(string text, bool fits)
    {
        Assert.Equal(fits, Patterns.IsText(text));
        Assert.Equal(fits && !text.Contains('\n'), Patterns.IsOneLine(text, 100));
    }

    [Theory]
    [InlineData("salt")]
    [InlineData("file_name")]
    [InlineData("attachment_keys[0].name")]
    public void Content_against_the_rules_is_named(string path)
    {
        var salt = ByteString.CopyFrom(new byte[path == "salt" ? 31 : 32]);
        var content = new SealedContent { Salt = salt, FileName = path == "file_name" ? "../passwd" : "a.txt" };
        content.AttachmentKeys.Add(new AttachmentKey
        {
            Sha256 = ByteString.CopyFrom(new byte[32]),
            PlainSha256 = ByteString.CopyFrom(new byte[32]),
            Key = ByteString.CopyFrom(new byte[32]),
            Iv = ByteString.CopyFrom(new byte[16]),
            Name = path == "salt" || path == "file_name" ? "a" : "..",
        });

        Assert.Equal(path, Assert.Single(ContentFields.Check(content)).Path);
    }

    private static ContentRef Attachment(Action<ContentRef> change)
    {
        var attachment = new ContentRef { Sha256 = ByteString.CopyFrom(new byte[32]), Size = 5, MediaType = "application/pdf" };
        change(attachment);
        return attachment;
    }

    private static MessageHeader Good()
    {
        Assert.True(ReceiptBuilding.TryRead(Sample.Message().Header.Memory, MessageHeader.Parser, out _, out var header, out _));
        return header;
    }
}
