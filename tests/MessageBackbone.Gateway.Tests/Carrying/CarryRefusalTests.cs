using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Carrying;

/// <summary>Files that are altered, foreign, missing or repeated.</summary>
public sealed class CarryRefusalTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_missing_file_is_seen_on_both_sides_and_the_awaited_one_is_written_again()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        var (out1, _) = await courier.FromNodeAsync("FR");
        var (out2, _) = await courier.FromNodeAsync("FR");
        var in1 = await Courier.ExportAsync(france);
        var in2 = await Courier.ExportAsync(france);

        var here = await Assert.ThrowsAsync<CarryFileException>(() => Courier.TakeAsync(france, out2));
        var there = await RefusedAsync("FIELD_INVALID", () => courier.ToNodeAsync(in2));
        Assert.Contains("file 1 is awaited", here.Message, StringComparison.Ordinal);
        Assert.Contains("file 1 is awaited", there, StringComparison.Ordinal);
        Assert.Contains("--again 1", there, StringComparison.Ordinal);

        Assert.Equal(out1, (await courier.FromNodeAsync("FR", again: 1)).File);
        Assert.Equal(in1, await Courier.AgainAsync(france, 1));
        foreach (var file in new[] { out1, out2 }) Assert.False((await Courier.TakeAsync(france, file)).AlreadyImported);
        foreach (var file in new[] { in1, in2 }) Assert.False((await courier.ToNodeAsync(file)).AlreadyImported);

        // Each side has said that it took the other's: they are not kept any more.
        await courier.ToNodeAsync(france);
        await courier.ToBureauAsync(france);
        Assert.Null(await Courier.AgainAsync(france, 1));
        await RefusedAsync("FIELD_INVALID", () => courier.FromNodeAsync("FR", again: 1));
        await RefusedAsync("FIELD_INVALID", () => courier.FromNodeAsync("FR", again: 99));
    }

    [Fact]
    public async Task A_file_that_was_passed_over_by_order_is_taken_once_when_it_comes_late_and_the_next_one_is_no_gap()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        var ids = new List<MessageId>();
        var (toNode, toBureau) = (new List<byte[]>(), new List<byte[]>());
        for (var number = 1; number <= 4; number++)
        {
            ids.Add(await france.SendAsync("DE"));
            toNode.Add(await Courier.ExportAsync(france, most: number));
            toBureau.Add((await courier.FromNodeAsync("FR")).File);
        }

        await courier.ToNodeAsync(toNode[0]);
        await courier.ToNodeAsync(toNode[2], acceptGap: true);
        Assert.False((await courier.ToNodeAsync(toNode[1])).AlreadyImported);
        Assert.True((await courier.ToNodeAsync(toNode[1])).AlreadyImported);
        Assert.False((await courier.ToNodeAsync(toNode[3])).AlreadyImported);

        await Courier.TakeAsync(france, toBureau[0]);
        await Courier.TakeAsync(france, toBureau[2], acceptGap: true);
        Assert.False((await Courier.TakeAsync(france, toBureau[1])).AlreadyImported);
        Assert.True((await Courier.TakeAsync(france, toBureau[1])).AlreadyImported);
        Assert.Equal(4ul, france.Parts.Carried.Last(CarryDirection.ToBureau).Number);
        Assert.False((await Courier.TakeAsync(france, toBureau[3])).AlreadyImported);
        Assert.Equal((4, 4), (await house.Node.CountAsync("message.accepted.v1"), await house.Node.CountAsync("carry.imported.v1")));
    }

    [Fact]
    public async Task A_file_that_was_imported_changes_nothing_when_it_comes_again()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        var id = await france.SendAsync("DE");
        var file = await Courier.ExportAsync(france);
        Assert.Equal((true, 0ul), Checked(await courier.ToNodeAsync(file, check: true)));
        Assert.Equal(0, await house.Node.CountAsync("message.accepted.v1"));
        await courier.ToNodeAsync(file);
        var events = await house.Node.CountAsync("message.accepted.v1");

        var again = await courier.ToNodeAsync(file);

        Assert.True(again.AlreadyImported);
        Assert.Equal(events, await house.Node.CountAsync("message.accepted.v1"));
        Assert.Equal(1, await house.Node.CountAsync("carry.imported.v1"));
        var (answers, _) = await courier.FromNodeAsync("FR");
        Assert.Equal((true, 0ul), Checked(await Courier.TakeAsync(france, answers, check: true)));
        Assert.Equal(1, france.Parts.Queue.Messages);
        await Courier.TakeAsync(france, answers);
        Assert.True((await Courier.TakeAsync(france, answers)).AlreadyImported);
        Assert.Single(france.Seen.OfType<GatewayEvent.Accepted>(), accepted => accepted.Message == id);
    }

    [Fact]
    public async Task A_file_of_another_direction_bureau_or_house_is_refused()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        var germany = await Courier.WithoutLineAsync(house, "DE");
        var (toFrance, _) = await courier.FromNodeAsync("FR");
        var ofFrance = await Courier.ExportAsync(france);

        Assert.Contains("for bureau FR, not for DE", (await Assert.ThrowsAsync<CarryFileException>(() => Courier.TakeAsync(germany, toFrance))).Message, StringComparison.Ordinal);
        Assert.Contains("to the node", (await Assert.ThrowsAsync<CarryFileException>(() => Courier.TakeAsync(france, ofFrance))).Message, StringComparison.Ordinal);
        Assert.Contains("goes to bureau FR", await RefusedAsync("MALFORMED", () => courier.ToNodeAsync(toFrance)), StringComparison.Ordinal);
        await RefusedAsync("UNKNOWN_BUREAU", () => courier.FromNodeAsync("PT"));
        await RefusedAsync("FIELD_INVALID", () => courier.FromNodeAsync("fr"));

        await using var elsewhere = await GatewayHouse.OpenAsync("FR");
        var stranger = await Courier.OfAsync(elsewhere);
        var (foreign, _) = await stranger.FromNodeAsync("FR");
        Assert.Equal("CERTIFICATE_NOT_VALID", (await Assert.ThrowsAsync<CarryFileException>(() => Courier.TakeAsync(france, foreign))).Reason);
        await RefusedAsync("CERTIFICATE_NOT_VALID", () => stranger.ToNodeAsync(ofFrance));
    }

    [Fact]
    public async Task A_file_that_somebody_else_signed_or_altered_is_refused_and_nothing_of_it_is_done()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        await france.SendAsync("DE");
        var file = await Courier.ExportAsync(france);
        var forged = await SignedByAsync(file, house["DE"]);
        var altered = (byte[])file.Clone();
        altered[^1] ^= 1;
        var (answers, _) = await courier.FromNodeAsync("FR");
        var lied = await SignedByAsync(answers, house["DE"]);

        await RefusedAsync("BAD_SIGNATURE", async () => await courier.ToNodeAsync(await OtherManifestAsync(file)));
        var bad = await Assert.ThrowsAsync<CarryFileException>(async () => await Courier.TakeAsync(france, await OtherManifestAsync(answers)));
        Assert.Equal("BAD_SIGNATURE", bad.Reason);
        await RefusedAsync("SIGNER_IS_NOT_SENDER", () => courier.ToNodeAsync(forged));
        await RefusedAsync("MALFORMED", () => courier.ToNodeAsync(altered));
        await RefusedAsync("MALFORMED", () => courier.ToNodeAsync(file[..^1]));
        await RefusedAsync("MALFORMED", () => courier.ToNodeAsync([]));
        Assert.Equal("CERTIFICATE_NOT_VALID", (await Assert.ThrowsAsync<CarryFileException>(() => Courier.TakeAsync(france, lied))).Reason);
        Assert.Equal(0, await house.Node.CountAsync("message.accepted.v1"));
        Assert.Equal(0, await house.Node.CountAsync("carry.imported.v1"));
    }

    [Fact]
    public async Task A_bureau_that_is_closed_or_whose_key_was_revoked_hands_nothing_in()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        var germany = await Courier.WithoutLineAsync(house, "DE");
        var (ofFrance, ofGermany) = (await Courier.ExportAsync(france), await Courier.ExportAsync(germany));

        await house.Node.CloseAsync("FR");
        await house.Node.RevokeAsync(house["DE"].Keys.Sign!.RawData);

        await RefusedAsync("UNKNOWN_BUREAU", () => courier.ToNodeAsync(ofFrance));
        await RefusedAsync("CERTIFICATE_NOT_VALID", () => courier.ToNodeAsync(ofGermany));
        await RefusedAsync("UNKNOWN_BUREAU", () => courier.FromNodeAsync("FR"));
    }

    [Fact]
    public async Task A_side_that_lost_what_it_knew_goes_on_when_the_other_accepts_the_gap()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var first = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(first);
        await courier.ToNodeAsync(first);
        await courier.ToNodeAsync(first);
        await first.DisposeAsync();
        var france = await Courier.WithoutLineAsync(house, "FR", o => o.DataFolder += "-new");
        var (file, _) = await courier.FromNodeAsync("FR");
        var own = await Courier.ExportAsync(france);

        await Assert.ThrowsAsync<CarryFileException>(() => Courier.TakeAsync(france, file));
        Assert.Contains("may have lost what it knew", await RefusedAsync("FIELD_INVALID", () => courier.ToNodeAsync(own)), StringComparison.Ordinal);
        await Courier.TakeAsync(france, file, acceptGap: true);
        await courier.ToNodeAsync(own, acceptGap: true);

        await courier.ToBureauAsync(france);
        await courier.ToNodeAsync(france);
        Assert.True(france.Host.DirectoryKnown.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task The_numbers_survive_a_node_that_starts_again()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var france = await Courier.WithoutLineAsync(house, "FR");
        var by = await house.Node.AddAsync(new Holder(HolderRole.Operator, "operator-1"));
        await new Courier(by).ToBureauAsync(france);
        await new Courier(by).ToNodeAsync(france);

        await house.Node.RestartAsync();

        var courier = new Courier(by);
        Assert.Equal(2ul, (await courier.ToBureauAsync(france)).Number);
        Assert.Equal(2ul, (await courier.ToNodeAsync(france)).Number);
    }

    private static (bool, ulong) Checked(CarrySummary summary) => (summary.Checked, summary.Taken);

    private static async Task<string> RefusedAsync(string reason, Func<Task> call)
    {
        var fault = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(reason, NodeRefusal.Of(fault)?.Reason);
        return fault.Status.Detail;
    }

    // What the manifest says of the content is changed; its signature is not.
    private static async Task<byte[]> OtherManifestAsync(byte[] file)
    {
        var reader = await CarryReader.OpenAsync(new MemoryStream(file), Cancel);
        var altered = (byte[])file.Clone();
        altered[file.AsSpan().IndexOf(reader.Manifest.ContentSha256.Span)] ^= 1;
        return altered;
    }

    // The same content and words, under another signature.
    private static async Task<byte[]> SignedByAsync(byte[] file, Party by)
    {
        var reader = await CarryReader.OpenAsync(new MemoryStream(file), Cancel);
        var content = file[^(int)reader.Manifest.ContentSize..];
        using var signed = new MemoryStream();
        await CarryFile.WriteAsync(signed, reader.Manifest, new MemoryStream(content), by.Keys.Sign!, reader.Signed.SigningTime, Cancel);
        return signed.ToArray();
    }
}
