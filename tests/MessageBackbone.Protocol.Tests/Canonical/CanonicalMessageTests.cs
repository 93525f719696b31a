using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Canonical;

public sealed class CanonicalMessageTests
{
    private static readonly byte[] _header = HeaderBytes();

    [Fact]
    public void What_is_written_is_read_for_any_values() => Prop.ForAll(
        ArbMap.Default.ArbFor<(string Subject, string Text, byte[] Data, string[] To)>(),
        v =>
        {
            var content = new SealedContent { Subject = Valid(v.Subject), Text = Valid(v.Text), Data = ByteString.CopyFrom(v.Data ?? []) };
            content.To.AddRange((v.To ?? []).Select(Valid));
            var bytes = CanonicalMessage.Write(content);
            return CanonicalMessage.TryParse(bytes, SealedContent.Parser, out var read, out _) && read.Equals(content)
                && read.Type == "backbone.v1.SealedContent";
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_are_judged_without_an_exception() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(),
        bytes =>
        {
            SignedObject.TryRead(bytes, out _, out _);
            SealedBody.TryRead(bytes, out _, out _);
            var isHeader = CanonicalMessage.TryParse(bytes, MessageHeader.Parser, out _, out _);
            var isContent = CanonicalMessage.TryParse(bytes, SealedContent.Parser, out _, out _);
            var outcome = MessageOpening.Open(new Envelope { Header = ByteString.CopyFrom(bytes), Body = ByteString.CopyFrom(bytes) }, Sample.View());
            return !isHeader && !isContent && outcome is OpeningOutcome.RefusedAs;
        }));

    [Fact]
    public void Mutated_messages_are_judged_without_an_exception()
    {
        var envelope = Sample.Message();
        var random = new Random(4711);
        for (var i = 0; i < 5000; i++)
        {
            var header = Mutate(envelope.Header.ToByteArray(), random);
            var body = Mutate(envelope.Body.ToByteArray(), random);
            SignedObject.TryRead(header, out _, out _);
            if (SealedBody.TryRead(body, out var sealedBody, out _))
                sealedBody.TryOpen(Sample.Bureau("DE").Seal!, out _, out _);
            if (CanonicalMessage.TryParse(Mutate(_header, random), MessageHeader.Parser, out var read, out _))
                HeaderFields.Check(read);
        }
    }

    [Fact]
    public void Reading_allocates_in_proportion_to_what_came()
    {
        var empties = Enumerable.Repeat<byte[]>([0x82, 0x01, 0x00], 400_000).SelectMany(b => b).ToArray(); // empty attachments
        var random = new byte[1 << 20];
        new Random(1).NextBytes(random);
        var sets = Enumerable.Repeat<byte[]>([0x30, 0x00], 500_000).SelectMany(b => b).ToArray();
        foreach (var bytes in new[] { empties, random, [0x30, 0x83, 0x0f, 0x42, 0x40, .. sets] })
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            SignedObject.TryRead(bytes, out _, out _);
            SealedBody.TryRead(bytes, out _, out _);
            Assert.False(CanonicalMessage.TryParse(bytes, MessageHeader.Parser, out _, out _));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        }
    }

    [Fact]
    public void An_unknown_field_is_refused() => Refuses([.. _header, 0xf8, 0x3f, 1]);

    [Fact]
    public void A_field_twice_is_refused() => Refuses([.. _header, 0x0a, 1, (byte)'x']);

    [Fact]
    public void Fields_out_of_order_are_refused() => Refuses([.. _header[38..], .. _header[..38]]);

    [Fact]
    public void A_default_value_written_out_is_refused() => Refuses([.. _header, 0x90, 0x01, 0]);

    [Fact]
    public void A_number_in_more_bytes_than_needed_is_refused()
    {
        var index = _header.AsSpan().IndexOf((byte[])[0x28, 0x04]); // precedence
        Refuses([.. _header[..index], 0x28, 0x84, 0x00, .. _header[(index + 2)..]]);
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_refused()
    {
        var changed = (byte[])_header.Clone();
        changed[changed.AsSpan().IndexOf("FR-2026"u8)] = 0xff;
        Refuses(changed);
    }

    [Fact]
    public void Another_type_or_none_is_refused()
    {
        Refuses(MessageHeader.Parser.ParseFrom(_header).With(h => h.Type = "").ToByteArray());
        Refuses(MessageHeader.Parser.ParseFrom(_header).With(h => h.Type = "backbone.v1.SealedContent").ToByteArray());
    }

    [Fact]
    public void A_message_without_a_type_is_none_that_is_signed() => Assert.Throws<ArgumentException>(() => CanonicalMessage.Write(new Envelope()));

    private static byte[] HeaderBytes()
    {
        Assert.True(SignedObject.TryRead(Sample.Message().Header.Memory, out var signed, out _));
        return signed.Content.ToArray();
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        var changed = (byte[])bytes.Clone();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
        }
        return random.Next(4) == 0 ? changed[..random.Next(changed.Length)] : changed;
    }

    // Lone surrogates have no UTF-8: protobuf writes a replacement, and the value read is another one.
    private static string Valid(string? text) => new([.. (text ?? "").Where(c => !char.IsSurrogate(c))]);

    private static void Refuses(byte[] bytes) => Assert.False(CanonicalMessage.TryParse(bytes, MessageHeader.Parser, out _, out _));
}

internal static class MessageChanging
{
    public static T With<T>(this T message, Action<T> change)
        where T : class
    {
        change(message);
        return message;
    }
}
