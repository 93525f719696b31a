using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Carrying;

public sealed class CarryFileTests
{
    private static readonly X509Certificate2 _sign = Sample.Bureau("FR").Sign!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_read_in_its_order_and_counted()
    {
        var records = Records();

        var file = await FileAsync(records);

        var (manifest, read) = await ReadAsync(file);
        Assert.Equal(records, read);
        Assert.Equal(("FR", CarryDirection.ToNode, 1ul, 4ul), (manifest.Bureau, manifest.Direction, manifest.Number, manifest.Records));
        var tally = new CarryTally();
        foreach (var record in read) tally.Add(record);
        Assert.Equal([(Precedence.Flash, 1ul), (Precedence.Unspecified, 1ul)], tally.Messages.Select(level => (level.Precedence, level.Count)));
        Assert.Equal((4ul, 2ul, 1ul, 1ul), (tally.Records, tally.MessageCount, tally.Receipts, tally.Trackings));
    }

    [Fact]
    public async Task A_file_with_any_one_byte_changed_is_refused()
    {
        var file = await FileAsync(Records());
        Assert.True(await IsGoodAsync(file));

        for (var place = 0; place < file.Length; place++)
        {
            foreach (var bits in (byte[])[0x01, 0x80])
            {
                var altered = (byte[])file.Clone();
                altered[place] ^= bits;
                Assert.False(await IsGoodAsync(altered), $"Byte {place} of {file.Length}");
            }
        }
    }

    [Fact]
    public async Task A_file_cut_anywhere_or_longer_than_signed_is_refused()
    {
        var file = await FileAsync(Records());

        for (var length = 0; length < file.Length; length++) Assert.False(await IsGoodAsync(file[..length]), $"Cut to {length} of {file.Length}");
        Assert.False(await IsGoodAsync([.. file, 0]));
    }

    [Fact]
    public async Task Records_in_another_order_or_of_another_file_are_refused()
    {
        var records = Records();
        var (file, content) = await FileAndContentAsync(records);
        var front = file[..^content.Length];
        var swapped = await FileAndContentAsync(Enumerable.Reverse(records).ToList());
        var other = await FileAndContentAsync([new CarryRecord { Question = Sample.Header(BodyForm.Sealed, "DE").ConversationId }]);

        Assert.Equal(content.Length, swapped.Content.Length);
        Assert.False(await IsGoodAsync([.. front, .. swapped.Content]));
        Assert.False(await IsGoodAsync([.. front, .. other.Content]));
    }

    [Fact]
    public async Task A_record_of_the_other_direction_is_refused()
    {
        var file = await FileAsync([new CarryRecord { Welcome = new Welcome { Node = "node" } }]);

        var wrong = await Assert.ThrowsAsync<CarryFileException>(() => ReadAsync(file));
        Assert.Contains("direction", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bureau")]
    [InlineData("direction")]
    [InlineData("number")]
    [InlineData("previous")]
    [InlineData("digest")]
    [InlineData("records")]
    [InlineData("time")]
    public async Task A_manifest_that_is_not_in_order_is_refused_although_it_is_signed(string field)
    {
        var file = await FileAsync(Records(), manifest =>
        {
            if (field == "bureau") manifest.Bureau = "fr";
            else if (field == "direction") manifest.Direction = CarryDirection.Unspecified;
            else if (field == "number") manifest.Number = 0;
            else if (field == "previous") manifest.PreviousSha256 = ByteString.CopyFrom(new byte[32]);
            else if (field == "digest") manifest.ContentSha256 = ByteString.CopyFrom(new byte[31]);
            else if (field == "records") manifest.Records = CarryFile.MostRecords + 1;
            else manifest.CreatedAt = null;
        });

        Assert.Contains("not in order", (await Assert.ThrowsAsync<CarryFileException>(() => ReadAsync(file))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_length_beyond_what_a_part_may_have_is_refused_before_anything_of_it_is_read()
    {
        byte[] manifest = [.. CarryFile.Mark, 0xFF, 0xFF, 0x7F];
        var (file, content) = await FileAndContentAsync(Records());
        var front = await FrontAsync([0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3]);

        await Assert.ThrowsAsync<CarryFileException>(() => ReadAsync(manifest));
        Assert.Contains("larger than such a part", (await Assert.ThrowsAsync<CarryFileException>(() => ReadAsync(front))).Message, StringComparison.Ordinal);
        Assert.NotEqual(file.Length, content.Length);
    }

    [Fact]
    public async Task Openssl_verifies_the_manifest_and_the_content_is_the_one_that_it_names()
    {
        using var openssl = new OpenSsl();
        var (file, content) = await FileAndContentAsync(Records());
        var at = CarryFile.Mark.Length + 2; // its length is above 127 bytes: two of a varint
        openssl.Write("manifest.cms", file[at..^content.Length]);
        openssl.Write("content", content);
        openssl.Write("ca.pem", Sample.Authority.CertificatePem);

        await openssl.RunAsync("cms -verify -cades -binary -inform DER -CAfile ca.pem -in manifest.cms -out manifest.bin");
        await openssl.RunAsync("dgst -sha256 -binary -out content.sha256 content");

        Assert.Equal(CarryManifest.Parser.ParseFrom(openssl.Read("manifest.bin")).ContentSha256.ToByteArray(), openssl.Read("content.sha256"));
    }

    private static List<CarryRecord> Records()
    {
        var header = Sample.Header(BodyForm.Sealed, "DE");
        var envelope = MessageComposing.Compose(
            new MessageDraft(header, new SealedContent { Text = "Bonjour" }), [Sample.Bureau("DE").Seal!], _sign, MessageId.New(Sample.Now), BureauCode.Parse("FR"), Sample.Now);
        return
        [
            new CarryRecord { Receipt = new Receipt { Signed = ByteString.CopyFromUtf8("signed") } },
            new CarryRecord { Envelope = envelope },
            new CarryRecord { Envelope = new Envelope { Header = ByteString.CopyFromUtf8("not to be read") } },
            new CarryRecord { Question = MessageId.New(Sample.Now).Value },
        ];
    }

    private static async Task<byte[]> FileAsync(IReadOnlyList<CarryRecord> records, Action<CarryManifest>? change = null) =>
        (await FileAndContentAsync(records, change)).File;

    private static async Task<(byte[] File, byte[] Content)> FileAndContentAsync(IReadOnlyList<CarryRecord> records, Action<CarryManifest>? change = null)
    {
        using var stored = new MemoryStream();
        using var content = new CarryContent(stored);
        foreach (var record in records) await content.AddAsync(record, Cancel);
        var manifest = content.Describe(new CarryManifest { Bureau = "FR", Direction = CarryDirection.ToNode, Number = 1, CreatedAt = Sample.Now.ToTimestamp() });
        change?.Invoke(manifest);
        return (await CloseAsync(manifest, stored.ToArray()), stored.ToArray());
    }

    // Content that no writer of ours would write, signed all the same.
    private static async Task<byte[]> FrontAsync(byte[] content)
    {
        var manifest = new CarryManifest
        {
            Bureau = "FR",
            Direction = CarryDirection.ToNode,
            Number = 1,
            CreatedAt = Sample.Now.ToTimestamp(),
            ContentSha256 = ByteString.CopyFrom(Digests.Sha256(content)),
            ContentSize = (ulong)content.Length,
            Records = 1,
        };
        return await CloseAsync(manifest, content);
    }

    private static async Task<byte[]> CloseAsync(CarryManifest manifest, byte[] content)
    {
        using var file = new MemoryStream();
        var (sha256, size) = await CarryFile.WriteAsync(file, manifest, new MemoryStream(content), _sign, Sample.Now, Cancel);
        Assert.Equal((Digests.Hex(sha256), size), (Digests.Sha256Hex(file.ToArray()), file.Length));
        return file.ToArray();
    }

    private static async Task<(CarryManifest Manifest, List<CarryRecord> Records)> ReadAsync(byte[] file)
    {
        var reader = await CarryReader.OpenAsync(new MemoryStream(file), Cancel);
        var records = new List<CarryRecord>();
        await foreach (var record in reader.ReadAsync(Cancel)) records.Add(record);
        return (reader.Manifest, records);
    }

    // As both sides judge: form, content, the very certificate that is enrolled, signature.
    private static async Task<bool> IsGoodAsync(byte[] file)
    {
        try
        {
            var reader = await CarryReader.OpenAsync(new MemoryStream(file), Cancel);
            await foreach (var record in reader.ReadAsync(Cancel)) Assert.NotNull(record);
            return reader.Signed.CertificateDer.Span.SequenceEqual(_sign.RawData) && reader.Signed.VerifySignature();
        }
        catch (CarryFileException)
        {
            return false;
        }
    }
}
