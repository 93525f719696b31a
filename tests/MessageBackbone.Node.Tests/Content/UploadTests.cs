using Google.Protobuf;
using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Content;

public sealed class UploadTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_uploaded_is_recorded_once_for_each_bureau_and_never_its_bytes()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var content = Uploading.Bytes(700_001);

        var receipt = await house["FR"].UploadAsync(content);
        var again = await house["FR"].UploadAsync(content);
        await house["DE"].UploadAsync(content);

        Assert.Equal((Uploading.Sha256(content), 700_001UL, true), (receipt.Sha256, receipt.Size, receipt.Complete));
        Assert.Equal(receipt, again);
        var stream = await house.ReadAsync(StreamId.Content(Convert.ToHexStringLower(Uploading.Sha256(content).Span)));
        var facts = stream.ConvertAll(recorded => ContentUploaded.Parser.ParseFrom(recorded.Data.Span));
        Assert.Equal(["FR", "DE"], facts.Select(fact => fact.By));
        Assert.All(facts, fact => Assert.Equal((700_001UL, Uploading.Sha256(content)), (fact.Size, fact.Sha256)));
        // One copy on disk.
        Assert.Single(Files(house));
    }

    [Fact]
    public async Task An_upload_goes_on_where_it_broke_also_after_a_restart()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var content = Uploading.Bytes(1_000_000);

        Assert.Equal((0UL, false), Of(await house["FR"].HeldAsync(content)));
        Assert.Equal((300_000UL, false), Of(await house["FR"].UploadAsync(content, 0, 300_000)));
        using (var broken = house["FR"].Exchange.UploadContent(cancellationToken: Cancel))
        {
            await broken.SendAsync(new ContentChunk { Sha256 = Uploading.Sha256(content), TotalSize = 1_000_000, Offset = 300_000, Data = ByteString.CopyFrom(content, 300_000, 200_000) });
            await UntilHeldAsync(house, 500_000);
        }

        await house.RestartAsync();

        Assert.Equal((500_000UL, false), Of(await house["FR"].HeldAsync(content)));
        // Nobody learns what another bureau brought.
        Assert.Equal((0UL, false), Of(await house["DE"].HeldAsync(content)));
        Assert.Equal((1_000_000UL, true), Of(await house["FR"].UploadAsync(content, 500_000)));
        Assert.Equal((1_000_000UL, true), Of(await house["FR"].HeldAsync(content)));
        Assert.Equal((0UL, false), Of(await house["DE"].HeldAsync(content)));
    }

    [Fact]
    public async Task A_chunk_that_does_not_begin_where_the_last_ended_is_refused_with_what_is_held()
    {
        await using var house = await House.OpenAsync("FR");
        var content = Uploading.Bytes(100_000);
        await house["FR"].UploadAsync(content, 0, 40_000);

        foreach (var offset in (int[])[0, 39_999, 40_001])
        {
            var refused = await Refused.ForAsync(Reasons.FieldInvalid, () => house["FR"].UploadAsync(content, offset));
            Assert.Equal(("offset", "40000"), (Assert.Single(refused.Fields), refused.Metadata["held"]));
        }

        Assert.True((await house["FR"].UploadAsync(content, 40_000)).Complete);
    }

    [Fact]
    public async Task Other_bytes_than_the_hash_says_are_discarded()
    {
        await using var house = await House.OpenAsync("FR");
        var content = Uploading.Bytes(300_000);
        var altered = content.ToArray();
        altered[123_456] ^= 1;
        var named = new ContentChunk { Sha256 = Uploading.Sha256(content), TotalSize = 300_000 };

        var refused = await Refused.ForAsync(Reasons.FieldInvalid, () => house["FR"].SendAllAsync(
            named, new ContentChunk { Data = ByteString.CopyFrom(altered, 0, 200_000) },
            new ContentChunk { Offset = 200_000, Data = ByteString.CopyFrom(altered, 200_000, 100_000) }));

        Assert.Equal("sha256", Assert.Single(refused.Fields));
        Assert.Empty(Files(house));
        Assert.Equal(0, await house.CountAsync("content.uploaded.v1"));
        Assert.Equal((0UL, false), Of(await house["FR"].HeldAsync(content)));
        Assert.True((await house["FR"].UploadAsync(content)).Complete);
    }

    [Fact]
    public async Task What_names_no_content_or_too_much_of_it_is_refused_and_leaves_nothing()
    {
        await using var house = await House.OpenAsync(options => options.Limits.AttachmentBytes = 1_000, "FR");
        var (party, sha256) = (house["FR"], ByteString.CopyFrom(new byte[32]));
        ContentChunk Chunk(ulong total, int data) => new() { Sha256 = sha256, TotalSize = total, Data = ByteString.CopyFrom(new byte[data]) };

        Assert.Empty((await Refused.ForAsync(Reasons.Malformed, () => party.SendAllAsync())).Fields);
        Assert.Equal(["sha256"], (await Refused.ForAsync(Reasons.FieldInvalid, () => party.SendAllAsync(new ContentChunk { TotalSize = 1 }))).Fields);
        Assert.Equal(["total_size"], (await Refused.ForAsync(Reasons.TooLarge, () => party.SendAllAsync(Chunk(1_001, 1)))).Fields);
        Assert.Equal(["total_size"], (await Refused.ForAsync(Reasons.TooLarge, () => party.SendAllAsync(Chunk(ulong.MaxValue, 1)))).Fields);
        Assert.Equal(["data"], (await Refused.ForAsync(Reasons.TooLarge, () => party.SendAllAsync(Chunk(1_000, (256 * 1024) + 1)))).Fields);
        Assert.Equal(["data"], (await Refused.ForAsync(Reasons.FieldInvalid, () => party.SendAllAsync(Chunk(10, 11)))).Fields);
        Assert.Equal(["sha256", "total_size"], (await Refused.ForAsync(Reasons.FieldInvalid, () => party.SendAllAsync(Chunk(10, 0), Chunk(11, 1)))).Fields);
        Assert.Empty(Files(house));
    }

    [Fact]
    public async Task A_newer_call_for_the_same_content_takes_over_where_the_older_one_was()
    {
        await using var house = await House.OpenAsync("FR");
        var content = Uploading.Bytes(400_000);
        using var older = house["FR"].Exchange.UploadContent(cancellationToken: Cancel);
        await older.SendAsync(new ContentChunk { Sha256 = Uploading.Sha256(content), TotalSize = 400_000, Data = ByteString.CopyFrom(content, 0, 150_000) });
        await UntilHeldAsync(house, 150_000);

        var newer = await house["FR"].UploadAsync(content, 150_000);

        Assert.True(newer.Complete);
        await Refused.ForAsync(Reasons.Superseded, async () => await older);
    }

    [Fact]
    public async Task Many_calls_for_one_content_by_two_bureaus_leave_one_whole_copy()
    {
        await using var house = await House.OpenAsync(options => options.Limits.TransfersOfOneBureau = 100, "FR", "DE");
        var content = Uploading.Bytes(900_000);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => UntilCompleteAsync(house[i % 2 == 0 ? "FR" : "DE"], content)));

        Assert.Equal(content, await File.ReadAllBytesAsync(Assert.Single(Files(house)), Cancel));
        Assert.Equal(2, await house.CountAsync("content.uploaded.v1"));
    }

    [Fact]
    public async Task A_bureau_has_only_so_much_that_no_message_names_and_so_many_transfers()
    {
        await using var house = await House.OpenAsync(
            options => (options.Limits.UnfinishedBytes, options.Limits.TransfersOfOneBureau) = (100_000, 1), "FR", "DE");
        var (first, second) = (Uploading.Bytes(60_000), Uploading.Bytes(50_000));
        await house["FR"].UploadAsync(first, 0, 10_000);

        var refused = await Refused.ForAsync(Reasons.QuotaExceeded, () => house["FR"].UploadAsync(second));

        Assert.NotNull(refused.RetryAfter);
        Assert.True((await house["DE"].UploadAsync(second)).Complete);
        // What a message names does not count any more.
        await house["FR"].UploadAsync(first, 10_000);
        await house["FR"].SubmitAsync(house["FR"].ComposeWith(house["DE"], first));
        Assert.True((await house["FR"].UploadAsync(second)).Complete);

        using var running = house["FR"].Exchange.UploadContent(cancellationToken: Cancel);
        var third = Uploading.Bytes(20_000);
        await running.SendAsync(new ContentChunk { Sha256 = Uploading.Sha256(third), TotalSize = 20_000, Data = ByteString.CopyFrom(third, 0, 5) });
        await UntilHeldAsync(house, 5);
        Assert.NotNull((await Refused.ForAsync(Reasons.QuotaExceeded, () => house["FR"].HeldAsync(first))).RetryAfter);
    }

    [Fact]
    public async Task A_full_disk_stops_uploads_and_what_came_is_there_when_there_is_room_again()
    {
        await using var house = await House.OpenAsync("FR");
        var content = Uploading.Bytes(200_000);
        await house["FR"].UploadAsync(content, 0, 50_000);
        house.Options.Limits.FreeDiskKept = long.MaxValue / 2;

        var refused = await Refused.ForAsync(Reasons.StoreUnavailable, () => house["FR"].UploadAsync(content, 50_000));

        Assert.NotNull(refused.RetryAfter);
        house.Logs.Forget();
        house.Options.Limits.FreeDiskKept = 0;
        Assert.Equal((50_000UL, false), Of(await house["FR"].HeldAsync(content)));
        Assert.True((await house["FR"].UploadAsync(content, 50_000)).Complete);
    }

    private static (ulong Size, bool Complete) Of(ContentReceipt receipt) => (receipt.Size, receipt.Complete);

    private static string[] Files(House house)
    {
        var folder = Path.Combine(house.Options.DataFolder, "content");
        return System.IO.Directory.Exists(folder) ? System.IO.Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];
    }

    private static Task UntilHeldAsync(House house, long bytes) => Routing.Eventually.TrueAsync($"{bytes} bytes are held", () => Files(house).Any(file => new FileInfo(file).Length == bytes));

    // Each ends the one before it, and then does what a gateway does after any broken call: it asks what is held and goes on from there.
    private static async Task UntilCompleteAsync(Party party, byte[] content)
    {
        while (true)
        {
            try
            {
                var held = await party.HeldAsync(content);
                if (held.Complete || (await party.UploadAsync(content, (int)held.Size)).Complete) return;
            }
            catch (Grpc.Core.RpcException broken) when (broken.StatusCode is not Grpc.Core.StatusCode.Unavailable)
            {
                Cancel.ThrowIfCancellationRequested();
            }
        }
    }
}
