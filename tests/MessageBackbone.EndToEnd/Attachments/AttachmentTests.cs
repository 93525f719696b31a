using System.Globalization;
using System.Security.Cryptography;
using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.EndToEnd.Attachments;

/// <summary>Large files between real processes: killed on the way, and measured.</summary>
public sealed class AttachmentTests
{
    private const int Large = 256 << 20;
    private const long UnderWay = 4 << 20;
    private const long MostMoreKiB = 64 * 1024;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_goes_on_where_it_was_after_the_node_and_each_gateway_were_killed_on_its_way()
    {
        await using var house = await House.OpenAsync(null, null, "FR", "DE");
        await house.StartGatewaysAsync("FR", "DE");
        var (path, sha256) = MakeFile(house, Large);
        var id = await SendAsync(house, path);

        var first = await KilledAsync(NodeFolder(house), 0, house.Node.KillAsync);
        await house.StartNodeAsync();
        var second = await KilledAsync(NodeFolder(house), first, house.Gateway("FR").KillAsync);
        await house.StartGatewayAsync("FR");
        var third = await KilledAsync(InFolder(house, "DE"), 0, house.Gateway("DE").KillAsync);
        await house.StartGatewayAsync("DE");
        var fourth = await KilledAsync(InFolder(house, "DE"), third, house.Node.KillAsync);
        await house.StartNodeAsync();

        await house["FR"].AnsweredAsync();
        Assert.Equal(sha256, await ReceivedAsync(house, id));
        TestContext.Current.TestOutputHelper?.WriteLine($"Killed at {first}, {second} of the upload and at {third}, {fourth} of the download, of {Large} bytes");
        // Nothing of it is kept where it is not needed any more.
        Assert.Empty(Directory.GetFiles(Path.Combine(house.GatewayFolder("FR"), "attachments", "out")));
    }

    [Fact]
    public async Task A_large_file_costs_neither_the_node_nor_a_gateway_memory()
    {
        await using var house = await House.OpenAsync(null, null, "FR", "DE");
        await house.StartGatewaysAsync("FR", "DE");
        // So that everything that is made once is made.
        await ReceivedAsync(house, await SendAsync(house, MakeFile(house, 3 << 20).Path));
        int[] processes = [house.Node.Id, house.Gateway("FR").Id, house.Gateway("DE").Id];
        var before = processes.Select(PeakKiB).ToList();
        var (path, sha256) = MakeFile(house, Large);

        Assert.Equal(sha256, await ReceivedAsync(house, await SendAsync(house, path)));

        var more = processes.Select((process, i) => PeakKiB(process) - before[i]).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine($"VmHWM grew by {string.Join(", ", more)} KiB (node, sender's gateway, receiver's gateway) over {string.Join(", ", before)}");
        Assert.All(more, grown => Assert.InRange(grown, 0, MostMoreKiB));
    }

    private static string NodeFolder(House house) => Path.Combine(house.NodeFolder, "content");

    private static string InFolder(House house, string bureau) => Path.Combine(house.GatewayFolder(bureau), "attachments", "in");

    private static (string Path, string Sha256) MakeFile(House house, long size)
    {
        var path = Path.Combine(house.Folder, $"file-{size}.bin");
        var random = new Random(12);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = File.Create(path);
        var piece = new byte[1 << 20];
        for (var left = size; left > 0; left -= piece.Length)
        {
            random.NextBytes(piece);
            var count = (int)Math.Min(left, piece.Length);
            hash.AppendData(piece, 0, count);
            file.Write(piece, 0, count);
        }

        return (path, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static async Task<string> SendAsync(House house, string path)
    {
        var token = await house["FR"].AttachAsync(path);
        return await house["FR"].SendAsync(new { to = new[] { "DE" }, text = "The recordings", attachments = new[] { token } });
    }

    // Kills when more than before has come, and not all: then what was there before is still there.
    private static async Task<long> KilledAsync(string folder, long before, Func<Task> kill)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (Length(folder) is var length && length < before + UnderWay)
        {
            Assert.True(length >= before, $"{before} bytes were there and {length} are.");
            await timer.WaitForNextTickAsync(limit.Token);
        }

        await kill();
        var killed = Length(folder);
        Assert.InRange(killed, before + UnderWay, Large - 1);
        return killed;
    }

    private static long Length(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => new FileInfo(path).Length).DefaultIfEmpty().Max() : 0;

    private static async Task<string> ReceivedAsync(House house, string id)
    {
        await house["DE"].UntilAsync("has the message", async () => (await house["DE"].InboxAsync()).Any(listed => listed.MessageId == id));
        var attachment = (await house["DE"].OpenAsync(id)).GetProperty("attachments")[0];
        var here = "";
        while (here != "here")
        {
            var seen = attachment;
            await house["DE"].UntilAsync("has more of the file", async () =>
            {
                var now = (await house["DE"].GetAsync($"/inbox/{id}/attachments")).GetProperty("attachments")[0];
                here = now.GetProperty("state").GetString()!;
                attachment = now;
                return here == "here" || now.GetProperty("held").GetInt64() > seen.GetProperty("held").GetInt64();
            });
        }

        return await house["DE"].AttachmentSha256Async(id, attachment.GetProperty("sha256").GetString()!);
    }

    private static long PeakKiB(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
