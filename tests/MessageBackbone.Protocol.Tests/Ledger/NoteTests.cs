using System.Text;
using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

public sealed class NoteTests
{
    private const string Root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    private const string Text = "backbone.example/1\n0\n" + Root + "\n";
    private const string Line = "\u2014 backbone.example/1 AAAAAQI=\n";
    private const string Whole = Text + "\n" + Line;

    [Theory]
    [InlineData(Whole)]
    [InlineData(Text + "an extension\nand another\n\n" + Line)]
    [InlineData(Text + "\n" + Line + "\u2014 stranger.example/é AAAAAAAA\n" + Line)]
    public void A_checkpoint_that_is_read_is_written_again_in_the_same_bytes(string whole)
    {
        Assert.True(SignedCheckpoint.TryRead(Encoding.UTF8.GetBytes(whole), out var signed, out var problem), problem);

        Assert.Empty(problem);
        Assert.Equal(whole, Encoding.UTF8.GetString(signed.Note.ToBytes()));
        Assert.Equal(whole, signed.Note.ToString());
        var checkpoint = signed.Checkpoint;
        var again = Checkpoint.Create(checkpoint.Origin, checkpoint.Size, checkpoint.Root, [.. checkpoint.Extensions]);
        Assert.Equal(signed.Note.Text.ToArray(), again.Text.ToArray());
    }

    [Fact]
    public void The_parts_of_a_checkpoint()
    {
        const string text = "backbone.example/2\n9223372036854775807\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
            + "follows backbone.example/1 8 " + Root + "\n";

        Assert.True(Checkpoint.TryRead(Encoding.UTF8.GetBytes(text), out var checkpoint, out var problem), problem);

        Assert.Equal("backbone.example/2", checkpoint.Origin);
        Assert.Equal(MerkleTree.LargestSize, checkpoint.Size);
        Assert.Equal(Rfc6962.WellKnownRoots[8], checkpoint.Root.ToString());
        Assert.Equal(["follows backbone.example/1 8 " + Root], checkpoint.Extensions);
    }

    [Fact]
    public void A_text_with_empty_lines_ends_at_the_last_of_them()
    {
        Assert.True(SignedNote.TryRead(Encoding.UTF8.GetBytes("one\n\ntwo\n\n\n" + Line), out var note, out var problem), problem);

        Assert.Equal("one\n\ntwo\n\n", Encoding.UTF8.GetString(note.Text.Span));
    }

    [Theory]
    [InlineData("", "no blank line")]
    [InlineData(Text, "no blank line")]
    [InlineData(Text + Line, "no blank line")]
    [InlineData(Text + "\n", "no signature line")]
    [InlineData(Whole + "\n", "no signature line")]
    [InlineData(Text + "\n\u2014 backbone.example/1 AAAAAQI=", "does not end")]
    [InlineData(Text + "\n" + Line + "more\n", "em dash")]
    [InlineData(Text + "\n- backbone.example/1 AAAAAQI=\n", "em dash")]
    [InlineData(Text + "\n\u2014backbone.example/1 AAAAAQI=\n", "em dash")]
    [InlineData(Text + "\n\u2014  backbone.example/1 AAAAAQI=\n", "em dash")]
    [InlineData(Text + "\n\u2014 AAAAAQI=\n", "em dash")]
    [InlineData(Text + "\n\u2014 back+bone AAAAAQI=\n", "em dash")]
    [InlineData(Text + "\n\u2014 back\u00a0bone AAAAAQI=\n", "em dash")]
    [InlineData(Text + "\n\u2014 backbone\u2003 AAAAAQI=\n", "em dash")]
    [InlineData(Text + "\n\u2014 backbone AAAAAQI= \n", "base64")]
    [InlineData(Text + "\n\u2014 backbone  AAAAAQI=\n", "base64")]
    [InlineData(Text + "\n\u2014 backbone AAAAAQI\n", "base64")]
    [InlineData(Text + "\n\u2014 backbone AAAAAQJ=\n", "base64")]
    [InlineData(Text + "\n\u2014 backbone AAAA AQI=\n", "base64")]
    [InlineData(Text + "\n\u2014 backbone AAAAAQ==\n", "base64")]
    [InlineData(Text + "\n\u2014 backbone AA-_AQI=\n", "base64")]
    [InlineData(Text + "\n\u2014 backbone \n", "base64")]
    [InlineData("a\tb\n\n" + Line, "control")]
    [InlineData("a\r\n\n" + Line, "control")]
    [InlineData("a\0b\n\n" + Line, "control")]
    [InlineData("a\u007fb\n\n" + Line, "control")]
    [InlineData("a\u0085b\n\n" + Line, "control")]
    [InlineData("a\u202eb\n\n" + Line, "control")]
    [InlineData("\ufeffa\n\n" + Line, "control")]
    [InlineData("a\n\n\u2014 back\u202ebone AAAAAQI=\n", "control")]
    public void A_hostile_note_is_refused_in_words(string note, string why)
    {
        Assert.False(SignedNote.TryRead(Encoding.UTF8.GetBytes(note), out _, out var problem));
        Assert.Contains(why, problem);
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_refused()
    {
        var bytes = Encoding.UTF8.GetBytes(Whole);
        foreach (var wrong in (byte[])[0x80, 0xc0, 0xe2, 0xff])
        {
            bytes[3] = wrong;
            Assert.False(SignedNote.TryRead(bytes, out _, out var problem));
            Assert.Contains("UTF-8", problem);
        }
    }

    [Theory]
    [InlineData("", "line feed")]
    [InlineData("a\n0\n" + Root, "line feed")]
    [InlineData("a\n0\n", "three lines")]
    [InlineData("\n0\n" + Root + "\n", "empty lines")]
    [InlineData(Text + "\n", "empty lines")]
    [InlineData(Text + "x\n\ny\n", "empty lines")]
    [InlineData("a b\n0\n" + Root + "\n", "origin")]
    [InlineData("a+b\n0\n" + Root + "\n", "origin")]
    [InlineData("a\n00\n" + Root + "\n", "decimal")]
    [InlineData("a\n01\n" + Root + "\n", "decimal")]
    [InlineData("a\n+1\n" + Root + "\n", "decimal")]
    [InlineData("a\n-1\n" + Root + "\n", "decimal")]
    [InlineData("a\n1 \n" + Root + "\n", "decimal")]
    [InlineData("a\n 1\n" + Root + "\n", "decimal")]
    [InlineData("a\n1,000\n" + Root + "\n", "decimal")]
    [InlineData("a\n0x1\n" + Root + "\n", "decimal")]
    [InlineData("a\n\u0661\n" + Root + "\n", "decimal")]
    [InlineData("a\n9223372036854775808\n" + Root + "\n", "decimal")]
    [InlineData("a\n99999999999999999999999\n" + Root + "\n", "decimal")]
    [InlineData("a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", "base64")]
    [InlineData("a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n", "base64")]
    [InlineData("a\n1\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n", "base64")]
    [InlineData("a\n1\n 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "base64")]
    [InlineData("a\n1\nAAAA\n", "base64")]
    [InlineData("a\n1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQygA\n", "base64")]
    [InlineData("a\n0\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n", "without leaves")]
    public void A_hostile_checkpoint_is_refused_in_words(string text, string why)
    {
        Assert.False(Checkpoint.TryRead(Encoding.UTF8.GetBytes(text), out _, out var problem));
        Assert.Contains(why, problem);
    }

    [Fact]
    public void Every_note_cut_short_is_refused()
    {
        var whole = Encoding.UTF8.GetBytes(Whole);
        for (var length = 0; length < whole.Length; length++)
            Assert.False(SignedCheckpoint.TryRead(whole.AsSpan(0, length), out _, out _));
    }

    [Fact]
    public void Whatever_bytes_come_nothing_is_thrown_and_what_is_read_is_written_again_in_the_same_bytes()
    {
        var random = new Random(6962);
        var whole = Encoding.UTF8.GetBytes(Text + "more\n\n" + Line + "\u2014 stranger.example/é AAAAAAAA\n");
        var read = 0;
        for (var round = 0; round < 30_000; round++)
        {
            var bytes = (byte[])whole.Clone();
            for (var change = random.Next(3); change >= 0; change--)
                bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : whole[random.Next(whole.Length)];
            if (!SignedCheckpoint.TryRead(bytes, out var signed, out var problem))
            {
                Assert.NotEmpty(problem);
                continue;
            }
            read++;
            Assert.Equal(bytes, signed.Note.ToBytes());
            var checkpoint = signed.Checkpoint;
            var again = Checkpoint.Create(checkpoint.Origin, checkpoint.Size, checkpoint.Root, [.. checkpoint.Extensions]);
            Assert.Equal(signed.Note.Text.ToArray(), again.Text.ToArray());
        }
        Assert.InRange(read, 1000, 29_000);
    }

    [Fact]
    public void A_note_has_its_bounds()
    {
        var most = Encoding.UTF8.GetBytes(Text + "\n" + Lines(SignedNote.MostSignatures));
        Assert.True(SignedNote.TryRead(most, out var full, out var problem), problem);
        Assert.Throws<ArgumentException>(() => full.With(NoteSignature.Create("one-more", 1, [1])));

        Assert.False(SignedNote.TryRead(Encoding.UTF8.GetBytes(Text + "\n" + Lines(SignedNote.MostSignatures + 1)), out _, out problem));
        Assert.Contains("at most 256 signature lines", problem);

        var extension = new string('x', SignedNote.LargestSize - Encoding.UTF8.GetByteCount(Whole) - 1);
        Assert.True(SignedNote.TryRead(Encoding.UTF8.GetBytes(Text + extension + "\n\n" + Line), out var large, out problem), problem);
        Assert.Throws<ArgumentException>(() => large.With(NoteSignature.Create("one-more", 1, [1])));
        Assert.False(SignedNote.TryRead(Encoding.UTF8.GetBytes(Text + extension + "x\n\n" + Line), out _, out problem));
        Assert.Contains("at most 65536 bytes", problem);
    }

    [Fact]
    public void A_line_is_read_alone_with_its_line_feed()
    {
        Assert.True(NoteSignature.TryRead(Encoding.UTF8.GetBytes(Line), out var signature, out var problem), problem);
        Assert.Equal(("backbone.example/1", 1u, Line), (signature.Name, signature.KeyId, signature.Line));
        Assert.Equal([2], signature.Signature.ToArray());

        Assert.False(NoteSignature.TryRead(Encoding.UTF8.GetBytes(Line[..^1]), out _, out _));
        Assert.False(NoteSignature.TryRead(Encoding.UTF8.GetBytes(Line + Line), out _, out _));
        Assert.False(NoteSignature.TryRead(Encoding.UTF8.GetBytes(Line + "\n"), out _, out _));
        Assert.False(NoteSignature.TryRead([], out _, out _));
    }

    [Fact]
    public void What_could_not_be_read_again_is_not_made()
    {
        Assert.Throws<ArgumentException>(() => Checkpoint.Create("a b", 0, MerkleTree.Empty));
        Assert.Throws<ArgumentException>(() => Checkpoint.Create("a", 0, default));
        Assert.Throws<ArgumentException>(() => Checkpoint.Create("a", MerkleTree.LargestSize + 1, default));
        Assert.Throws<ArgumentException>(() => Checkpoint.Create("a", 1, default, ""));
        Assert.Throws<ArgumentException>(() => Checkpoint.Create("a", 1, default, "two\nlines"));
        Assert.Throws<ArgumentException>(() => Checkpoint.Create("a\n1", 1, default));
        Assert.Throws<ArgumentException>(() => NoteSignature.Create("a b", 1, [1]));
        Assert.Throws<ArgumentException>(() => NoteSignature.Create("a", 1, []));
        Assert.Throws<ArgumentException>(() => SignedNote.Create("no line feed"u8, NoteSignature.Create("a", 1, [1])));
    }

    private static string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(i => NoteSignature.Create("a", (uint)i, [1]).Line));
}
