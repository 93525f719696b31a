using System.Net.Http.Headers;
using Grpc.Core;
using MessageBackbone.Gateway.Carrying;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Tests.LocalApi;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Carrying;

/// <summary>Carry files leave to a disk what is to stay free on it, and nothing lies there of one that found no room.</summary>
public sealed class CarryDiskTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_gateway_without_room_writes_and_takes_no_file_and_says_so()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        house.Logs.Expect(line => line.Event.Id is 80 or 82);
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        var (file, _) = await courier.FromNodeAsync("FR");
        await Courier.TakeAsync(france, file);
        await france.SendAsync("DE");
        using var client = new LocalClient(france);
        france.Options.FreeDiskKept = 1L << 60;

        var export = await client.PostAsync("/carry/export", new { });
        var import = await ImportAsync(client, (await courier.FromNodeAsync("FR")).File);

        foreach (var refused in new[] { export, import })
        {
            Assert.Equal((503, "STORE_UNAVAILABLE"), (refused.Status, refused.Reason));
            Assert.Contains("FreeDiskKept", refused["detail"], StringComparison.Ordinal);
        }
        Assert.Empty(FilesOf(france.Options.DataFolder));
        foreach (var action in new[] { "carry-export", "carry-import" })
            Assert.Single(france.Parts.Audit.Read(10), row => row.Action == action && row.Outcome == "held up");
        france.Options.FreeDiskKept = 0;
        Assert.Equal("1", (await client.PostAsync("/carry/export", new { }))["number"]);
    }

    [Fact]
    public async Task A_node_without_room_writes_and_takes_no_file_and_says_so()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        await house["DE"].SubmitAsync(house["DE"].Compose(house["FR"]));
        await france.SendAsync("DE");
        var file = await Courier.ExportAsync(france);
        var before = FilesOf(house.Node.Options.DataFolder);
        house.Node.Options.Limits.FreeDiskKept = long.MaxValue / 2;

        foreach (var call in new Func<Task>[] { () => courier.FromNodeAsync("FR"), () => courier.ToNodeAsync(file) })
        {
            var fault = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal("STORE_UNAVAILABLE", NodeRefusal.Of(fault)?.Reason);
            Assert.Contains("FreeDiskKept", fault.Status.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(before, FilesOf(house.Node.Options.DataFolder));
        house.Node.Logs.Forget();
        house.Node.Options.Limits.FreeDiskKept = 0;
        Assert.Equal(1ul, (await courier.ToNodeAsync(file)).Taken);
        Assert.Equal(1ul, (await courier.ToBureauAsync(france)).Taken);
    }

    [Fact]
    public async Task Nothing_is_left_of_a_file_that_could_not_be_written_to_its_end()
    {
        using var temporary = new TemporaryFolder();
        var options = new GatewayOptions { DataFolder = temporary.Path, FreeDiskKept = 0 };
        var folder = new CarryFolder(options);

        await Assert.ThrowsAsync<IOException>(() => folder.KeepAsync<int>(1, async file =>
        {
            await file.WriteAsync(new byte[100], Cancel);
            throw new IOException("The disk is full.");
        }));

        Assert.Empty(FilesOf(temporary.Path));
        // Of a run that was killed in the middle.
        await File.WriteAllTextAsync(Path.Combine(temporary.Path, "carry", "to-node.1.new"), "half", Cancel);
        Assert.Null(new CarryFolder(options).Read(1));
        Assert.Empty(FilesOf(temporary.Path));
    }

    private static string[] FilesOf(string dataFolder) => [.. System.IO.Directory.GetFiles(Path.Combine(dataFolder, "carry")).Order(StringComparer.Ordinal)];

    private static Task<LocalAnswer> ImportAsync(LocalClient client, byte[] file)
    {
        var content = new ByteArrayContent(file);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return client.SendAsync(HttpMethod.Post, "/carry/import", content);
    }
}
