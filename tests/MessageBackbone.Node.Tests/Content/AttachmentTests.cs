using System.Security.Cryptography;
using Google.Protobuf;
using MessageBackbone.Node.Content;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Content;

/// <summary>Uploaded content as a message's attachment: who may name it, who gets it, how long it stays.</summary>
public sealed class AttachmentTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_header_names_only_what_its_sender_uploaded_whole_and_with_its_size()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var (whole, part) = (Uploading.Bytes(100_000), Uploading.Bytes(100_000));
        await house["DE"].UploadAsync(whole);
        await house["FR"].UploadAsync(part, 0, 99_999);

        Assert.Equal(["attachments[0]"], (await RefusedAsync(house, whole)).Fields);
        Assert.Equal(["attachments[0]"], (await RefusedAsync(house, part)).Fields);
        await house["FR"].UploadAsync(whole);
        Assert.Equal(["attachments[1]"], (await RefusedAsync(house, whole, part)).Fields);
        var lying = house["FR"].Compose(house["DE"], header => header.Attachments.Add(new ContentRef { Sha256 = Uploading.Sha256(whole), Size = 1, MediaType = "text/plain" }));
        Assert.Equal(["attachments[0].size"], (await Refused.ForAsync(Reasons.FieldInvalid, () => house["FR"].SubmitAsync(lying))).Fields);
        Assert.Equal(0, await house.CountAsync("message.accepted.v1"));

        await house["FR"].UploadAsync(part, 99_999);
        Assert.False((await house["FR"].SubmitAsync(house["FR"].ComposeWith(house["DE"], whole, part))).Duplicate);
    }

    [Fact]
    public async Task It_is_served_from_any_offset_to_the_messages_parties_and_to_nobody_else()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var content = Uploading.Bytes(900_001);
        await house["FR"].UploadAsync(content);
        var message = house["FR"].ComposeWith(house["DE"], content);
        await house["FR"].SubmitAsync(message);
        var (id, sha256) = (house["FR"].HeaderOf(message).MessageId, Uploading.Sha256(content));

        foreach (var party in (string[])["DE", "FR"])
        {
            Assert.Equal(content, await house[party].DownloadAsync(id, sha256));
            Assert.Equal(content[654_321..], await house[party].DownloadAsync(id, sha256, 654_321));
            Assert.Empty(await house[party].DownloadAsync(id, sha256, 900_001));
        }

        await Refused.ForAsync(Reasons.FieldInvalid, () => house["DE"].DownloadAsync(id, sha256, 900_002));
        // ES uploaded the same bytes, and still this message is none of its own.
        await house["ES"].UploadAsync(content);
        var foreign = await Refused.ForAsync(Reasons.UnknownMessage, () => house["ES"].DownloadAsync(id, sha256));
        var nothing = await Refused.ForAsync(Reasons.UnknownMessage, () => house["ES"].DownloadAsync(id, ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32))));
        Assert.Equal(nothing.Text, foreign.Text);
        // Another message of DE's does not give what it does not name.
        var other = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(other);
        await Refused.ForAsync(Reasons.UnknownMessage, () => house["DE"].DownloadAsync(house["FR"].HeaderOf(other).MessageId, sha256));
    }

    [Fact]
    public async Task What_no_message_names_goes_a_day_after_its_last_chunk_and_nothing_else_does()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var (named, unnamed, part, fresh) = (Uploading.Bytes(50_000), Uploading.Bytes(50_000), Uploading.Bytes(50_000), Uploading.Bytes(50_000));
        foreach (var content in (byte[][])[named, unnamed]) await house["FR"].UploadAsync(content);
        await house["FR"].UploadAsync(part, 0, 20_000);
        await house["FR"].UploadAsync(fresh, 0, 20_000);
        var message = house["FR"].ComposeWith(house["DE"], named);
        await house["FR"].SubmitAsync(message);
        var sweep = house.Node.Services.GetRequiredService<OrphanSweep>();

        house.Clock.Advance(TimeSpan.FromHours(23));
        await house["FR"].UploadAsync(fresh, 20_000, 30_000);
        await sweep.SweepAsync(Cancel);
        Assert.Equal(50_000UL, (await house["FR"].HeldAsync(unnamed)).Size);
        house.Clock.Advance(TimeSpan.FromHours(2));
        await sweep.SweepAsync(Cancel);

        Assert.Equal((0UL, 0UL, 30_000UL), ((await house["FR"].HeldAsync(unnamed)).Size, (await house["FR"].HeldAsync(part)).Size, (await house["FR"].HeldAsync(fresh)).Size));
        Assert.Equal(named, await house["DE"].DownloadAsync(house["FR"].HeaderOf(message).MessageId, Uploading.Sha256(named)));
        // The log says that FR uploaded it, but it is not here any more.
        Assert.Equal(["attachments[0]"], (await RefusedAsync(house, unnamed)).Fields);
        await house["FR"].UploadAsync(unnamed);
        await house["FR"].SubmitAsync(house["FR"].ComposeWith(house["DE"], unnamed));
    }

    [Fact]
    public async Task A_submission_under_way_keeps_its_attachments_from_the_sweep()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var content = Uploading.Bytes(10_000);
        await house["FR"].UploadAsync(content);
        var attachments = house.Node.Services.GetRequiredService<AttachmentStore>();
        var sha256 = MessageBackbone.Domain.Fingerprint.Read(Uploading.Sha256(content).Span);
        house.Clock.Advance(TimeSpan.FromHours(25));
        // As the acceptor does before its append, which has not come yet.
        Assert.Null(await attachments.ClaimAsync([sha256], "0199a1b2-0000-7000-8000-000000000001", Cancel));

        await house.Node.Services.GetRequiredService<OrphanSweep>().SweepAsync(Cancel);
        Assert.Equal(10_000, attachments.Size(sha256));

        // It never came: a day after the claim nothing names the content.
        house.Clock.Advance(TimeSpan.FromHours(25));
        await house.Node.Services.GetRequiredService<OrphanSweep>().SweepAsync(Cancel);
        Assert.Null(attachments.Size(sha256));
        Assert.Equal(0, await attachments.ClaimAsync([sha256], "0199a1b2-0000-7000-8000-000000000002", Cancel));
        Assert.Empty(System.IO.Directory.GetFiles(Path.Combine(house.Options.DataFolder, "content"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Files_that_a_crash_left_without_a_row_go_and_an_upload_that_runs_stays()
    {
        await using var house = await House.OpenAsync("FR");
        var content = Uploading.Bytes(10_000);
        using var running = house["FR"].Exchange.UploadContent(cancellationToken: Cancel);
        await running.SendAsync(new ContentChunk { Sha256 = Uploading.Sha256(content), TotalSize = 10_000, Data = ByteString.CopyFrom(content, 0, 5_000) });
        var folder = Path.Combine(house.Options.DataFolder, "content");
        await Routing.Eventually.TrueAsync("the upload began", () => System.IO.Directory.Exists(folder) && System.IO.Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Length == 1);
        var left = Path.Combine(folder, "00", new string('0', 64) + "-FR");
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(left)!);
        await File.WriteAllTextAsync(left, "left", Cancel);
        house.Clock.Advance(TimeSpan.FromHours(25));

        await house.Node.Services.GetRequiredService<OrphanSweep>().SweepAsync(Cancel);

        Assert.False(File.Exists(left));
        await running.SendAsync(new ContentChunk { Offset = 5_000, Data = ByteString.CopyFrom(content, 5_000, 5_000) });
        Assert.True((await running.EndAsync()).Complete);
    }

    private static Task<Refused> RefusedAsync(House house, params byte[][] contents) =>
        Refused.ForAsync(Reasons.FieldInvalid, () => house["FR"].SubmitAsync(house["FR"].ComposeWith(house["DE"], contents)));
}
