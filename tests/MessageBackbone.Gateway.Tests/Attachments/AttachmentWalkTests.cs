using System.Security.Cryptography;
using Google.Protobuf;
using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Gateway.Tests.Attachments;

/// <summary>A file from one officer to another, over two real gateways and a real node.</summary>
public sealed class AttachmentWalkTests
{
    private static readonly Uri _nobody = new("https://127.0.0.1:1");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_is_given_out_as_it_was_handed_in_and_lies_nowhere_in_clear()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (france, germany) = (await house.AttendAsync("FR"), await house.AttendAsync("DE"));
        var plain = Enumerable.Repeat("a mark that is easily found "u8.ToArray(), 40_000).SelectMany(mark => mark).ToArray();

        var id = await SendAsync(france, plain);
        await germany.SeesAsync<GatewayEvent.AttachmentHere>(here => here.Message == id);

        var opened = Assert.IsType<Gateway.Inbox.OpenedMessage>(await germany.Host.OpenAsync(id, "D-1", Cancel));
        var facts = Assert.Single(germany.Host.AttachmentsOf(opened));
        Assert.Equal(("marks.txt", "here", (long)plain.Length), (facts.Name, facts.State, facts.Size));
        Assert.Equal(plain, await GivenOutAsync(germany, opened));
        await france.AcceptedAsync(id);
        Assert.Empty(Outgoing(france));
        foreach (var file in System.IO.Directory.EnumerateFiles(house.Node.Folder, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)))
            Assert.Equal(-1, (await ReadAsync(file)).AsSpan().IndexOf("a mark that is easily found"u8));
    }

    [Fact]
    public async Task The_file_of_a_recalled_message_goes_with_it()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (france, germany) = (await house.AttendAsync("FR"), await house.AttendAsync("DE"));
        var id = await SendAsync(france, RandomNumberGenerator.GetBytes(300_000));
        await germany.SeesAsync<GatewayEvent.AttachmentHere>(here => here.Message == id);
        Assert.Single(Incoming(germany));
        await france.AcceptedAsync(id);

        await france.Parts.Recalling.OrderAsync(france.Parts.Outbox.Find(id.Value)!, "SENT_IN_ERROR", [], null, "officer");

        await Eventually.TrueAsync("the file is gone", () => Incoming(germany).Length == 0);
        await Eventually.TrueAsync("so is its row", () => germany.Parts.Inbox.Find(id.Value)!.Entry.Attachments == 0);
    }

    [Fact]
    public async Task What_was_handed_in_while_the_node_was_away_goes_after_a_restart_and_holds_up_nobody_else()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await (await house.AttendAsync("FR")).DisposeAsync();
        MessageId withFile, without;
        await using (var alone = await house.StartAsync("FR", node: _nobody))
        {
            withFile = await SendAsync(alone, RandomNumberGenerator.GetBytes(300_000));
            without = await alone.SendAsync("DE");
            Assert.Single(Outgoing(alone));
        }

        await using var again = await house.StartAsync("FR");

        await again.AcceptedAsync(without);
        await again.AcceptedAsync(withFile);
        Assert.Equal(1, await house.Node.CountAsync("content.uploaded.v1"));
    }

    [Fact]
    public async Task What_the_node_dropped_before_the_message_came_is_brought_again()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        var submitted = 0;
        between.Submit = (_, pass, _) => Interlocked.Increment(ref submitted) == 1
            // As if a day had passed between the upload and the message.
            ? throw new RefusalException(Reasons.FieldInvalid, "Upload it again.", ["attachments[0]"]).ToStatus()
            : pass();
        var france = await house.AttendAsync("FR", node: between.Address);

        var id = await SendAsync(france, RandomNumberGenerator.GetBytes(100_000));

        await france.AcceptedAsync(id);
        // Asked for what is held, then brought; and asked again, when all of it was there.
        Assert.Equal((2, 3), (submitted, between.Uploads));
    }

    [Fact]
    public async Task A_file_that_was_spoiled_is_not_given_out()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (france, germany) = (await house.AttendAsync("FR"), await house.AttendAsync("DE"));
        var id = await SendAsync(france, RandomNumberGenerator.GetBytes(200_000));
        await germany.SeesAsync<GatewayEvent.AttachmentHere>(here => here.Message == id);
        var opened = (await germany.Host.OpenAsync(id, "D-1", Cancel))!;
        var path = Assert.Single(System.IO.Directory.GetFiles(Path.Combine(germany.Options.DataFolder, "attachments", "in")));
        var bytes = await ReadAsync(path);
        bytes[100_000] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Cancel);

        var not = await Assert.ThrowsAsync<NotReleasedException>(() => GivenOutAsync(germany, opened));

        Assert.Equal(Reasons.ContentMismatch, not.Reason);
    }

    [Fact]
    public async Task A_plain_hash_that_does_not_match_releases_nothing()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (france, germany) = (await house.AttendAsync("FR"), await house.AttendAsync("DE"));
        var staged = await StageAsync(france, RandomNumberGenerator.GetBytes(50_000));
        // A sender that lies: the ciphertext is what the header says, its content is not what was sealed.
        var key = staged.Key.Clone();
        key.PlainSha256 = ByteString.CopyFrom(new byte[32]);
        var id = await france.Host.SendAsync(new Draft { To = ["DE"], Text = "x", Attachments = [staged with { Key = key }] }, "test", Cancel);
        await germany.SeesAsync<GatewayEvent.AttachmentHere>(here => here.Message == id);

        var not = await Assert.ThrowsAsync<NotReleasedException>(async () => await GivenOutAsync(germany, (await germany.Host.OpenAsync(id, "D-1", Cancel))!));

        Assert.Equal(Reasons.ContentMismatch, not.Reason);
    }

    [Fact]
    public async Task What_cannot_be_sent_is_refused_and_nothing_of_it_stays()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var france = await house.AttendAsync("FR", options => options.MaxAttachment = 1_000);

        Assert.Equal(Reasons.TooLarge, (await Assert.ThrowsAsync<DraftRefusedException>(() => StageAsync(france, new byte[1_001]))).Reason);
        Assert.Equal(Reasons.FieldInvalid, (await Assert.ThrowsAsync<DraftRefusedException>(() => StageAsync(france, []))).Reason);
        Assert.Equal(["name"], (await Assert.ThrowsAsync<DraftRefusedException>(
            () => france.Host.AttachAsync(new MemoryStream([1]), "../x", "text/plain", Cancel))).Fields);
        Assert.Empty(Outgoing(france));

        var staged = await StageAsync(france, new byte[1_000]);
        Assert.Equal(["attachments", "form"], (await Assert.ThrowsAsync<DraftRefusedException>(() => france.Host.SendAsync(
            new Draft { To = ["DE"], Kind = "alert.cap", Form = V1.BodyForm.Clear, Text = "x", Attachments = [staged] }, "test", Cancel))).Fields);
        await france.Host.SendAsync(new Draft { To = ["DE"], Text = "x", Attachments = [staged] }, "test", Cancel);
        // A file goes with one message: its key is in that one's sealed content.
        await Assert.ThrowsAsync<DraftRefusedException>(
            () => france.Host.SendAsync(new Draft { To = ["DE"], Text = "x", Attachments = [staged] }, "test", Cancel));
    }

    [Fact]
    public async Task A_file_that_no_message_took_goes_a_day_later_and_one_that_waits_stays()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await (await house.AttendAsync("FR")).DisposeAsync();
        await using var alone = await house.StartAsync("FR", node: _nobody);
        var waiting = await SendAsync(alone, new byte[100]);
        await StageAsync(alone, new byte[200]);
        alone.Parts.Staging.Sweep();
        Assert.Equal(2, Outgoing(alone).Length);

        house.Node.Clock.Advance(TimeSpan.FromHours(25));
        alone.Parts.Staging.Sweep();

        Assert.Equal(100, new FileInfo(Assert.Single(Outgoing(alone))).Length);
        Assert.Equal(OutboxState.Waiting, alone.Parts.Outbox.Find(waiting.Value)!.State);
    }

    [Fact]
    public void A_token_is_read_back_and_nothing_else_is_one()
    {
        var staged = new StagedAttachment(Guid.CreateVersion7(), new V1.AttachmentKey { Name = "a\nb" }, "text/plain", 12);

        Assert.Equal(staged, StagedAttachment.Read(staged.ToToken()));
        foreach (var broken in (string[])["", "x", "!!!", new string('A', 5000), staged.ToToken()[1..]]) Assert.Null(StagedAttachment.Read(broken));
    }

    private static Task<StagedAttachment> StageAsync(RunningGateway gateway, byte[] plain) =>
        gateway.Host.AttachAsync(new MemoryStream(plain), "marks.txt", "text/plain", Cancel);

    private static async Task<MessageId> SendAsync(RunningGateway gateway, byte[] plain) =>
        await gateway.Host.SendAsync(new Draft { To = ["DE"], Text = "see the file", Attachments = [await StageAsync(gateway, plain)] }, "test", Cancel);

    private static async Task<byte[]> GivenOutAsync(RunningGateway gateway, Gateway.Inbox.OpenedMessage opened)
    {
        var verified = await gateway.Parts.Releasing.VerifyAsync(opened, opened.Header.Attachments[0].Sha256.ToByteArray(), Cancel);
        using var plain = new MemoryStream();
        await verified.WriteToAsync(plain, Cancel);
        return plain.ToArray();
    }

    private static string[] Incoming(RunningGateway gateway) => System.IO.Directory.GetFiles(Path.Combine(gateway.Options.DataFolder, "attachments", "in"));

    private static string[] Outgoing(RunningGateway gateway) => System.IO.Directory.GetFiles(Path.Combine(gateway.Options.DataFolder, "attachments", "out"));

    private static async Task<byte[]> ReadAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, Cancel);
        return bytes.ToArray();
    }
}
