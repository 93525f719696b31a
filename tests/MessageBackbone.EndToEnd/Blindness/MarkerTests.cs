using System.Text;
using MessageBackbone.EndToEnd.Processes;
using MessageBackbone.Fixtures;

namespace MessageBackbone.EndToEnd.Blindness;

/// <summary>The backbone cannot read what it carries: what an officer writes lies nowhere in clear, neither with the node nor with the broker, nor
/// in a gateway's outbox and inbox.</summary>
public sealed class MarkerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_an_officer_writes_is_nowhere_in_the_nodes_the_brokers_and_the_gateways_folders_and_logs()
    {
        var marker = $"MARKER{Guid.NewGuid():N}";
        await using var own = await RabbitMqFixture.StartOwnAsync(Cancel);
        await using var house = await House.OpenAsync(own.Broker.Address, null, "FR", "DE");
        await house.StartGatewaysAsync("FR", "DE");

        var id = await house["FR"].SendAsync(new { to = new[] { "DE" }, subject = marker, text = new string('x', 100_000) + marker });
        var file = Convert.ToBase64String(Encoding.UTF8.GetBytes(marker));
        await house["FR"].SendAsync(new { to = new[] { "DE" }, text = "with a file", file = new { name = $"{marker}.txt", media_type = "text/plain", data = file } });
        await house["DE"].InboxHoldsAsync(2);
        var opened = await house["DE"].OpenAsync(id);
        await house["DE"].ReceiptedAsync();

        Assert.Equal(marker, opened.GetProperty("subject").GetString());
        foreach (var part in (BackboneProcess[])[house.Node, house.Gateway("FR"), house.Gateway("DE")]) await part.KillAsync();
        await own.Broker.KillAsync();
        Assert.Empty(FilesWith(marker, house.Folder));
        Assert.Empty(FilesWith(marker, own.Folder));
        // The search finds what is there: the id is no secret, and the node must have it. So it does in base64, wherever the marker begins.
        Assert.NotEmpty(FilesWith(id, house.NodeFolder));
        for (var before = 0; before < 3; before++)
        {
            var at = Path.Combine(house.Folder, $"known-{before}");
            await File.WriteAllTextAsync(at, Convert.ToBase64String(Encoding.UTF8.GetBytes($"{new string('-', before)}{marker}--")), Cancel);
            Assert.Equal([at], FilesWith(marker, house.Folder));
            File.Delete(at);
        }
    }

    private static List<string> FilesWith(string marker, string folder)
    {
        byte[][] forms = [Encoding.UTF8.GetBytes(marker), Encoding.Unicode.GetBytes(marker), .. InBase64(marker)];
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => File.ReadAllBytes(path) is var bytes && forms.Any(form => bytes.AsSpan().IndexOf(form) >= 0))];
    }

    // What stands before the marker shifts it within base64's groups of three bytes, so it can look three ways; the first and the last group also
    // hold neighbours and are left out of the search.
    private static IEnumerable<byte[]> InBase64(string marker) => Enumerable.Range(0, 3)
        .Select(before => Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('x', before) + marker))[4..^4]));
}
