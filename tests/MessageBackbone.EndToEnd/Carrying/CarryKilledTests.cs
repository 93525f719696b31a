using MessageBackbone.EndToEnd.Killing;
using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.EndToEnd.Carrying;

/// <summary>A bureau without a line, and parts that are killed while they take its files.</summary>
public sealed class CarryKilledTests
{
    private const int ToBureau = 600, ToNode = 600;

    [Fact]
    public async Task A_gateway_and_a_node_that_are_killed_in_the_middle_of_an_import_take_the_same_file_again_and_each_message_is_shown_once()
    {
        await using var house = await House.OpenAsync(null, null, "FR", "DE");
        await house.StartGatewaysAsync("FR");
        await house.StartGatewayAsync("DE", Alone);
        var carrier = Directory.CreateDirectory(Path.Combine(house.Folder, "carrier")).FullName;
        await ImportAtBureauAsync(house, await ExportAtNodeAsync(house, carrier, 1));
        var (toBureau, toNode) = (new Sent(house), new Sent(house));
        await toBureau.SendAsync("FR", ["DE"], ToBureau);
        await toNode.SendAsync("DE", ["FR"], ToNode);
        await house["FR"].AnsweredAsync();
        var deliveries = await ExportAtNodeAsync(house, carrier, 2);

        var interrupted = house.TryCommandAsync(["carry", "import", deliveries, .. GatewayOf(house)]);
        await SomethingCameAsync(house["DE"]);
        await house.Gateway("DE").KillAsync();
        Assert.NotEqual(0, (await interrupted).Code);
        await house.StartGatewayAsync("DE", Alone);
        Assert.InRange((await house["DE"].InboxAsync()).Count, 1, ToBureau - 1);
        await ImportAtBureauAsync(house, deliveries);
        await ImportAtBureauAsync(house, deliveries);

        await house.CommandAsync(["carry", "export", carrier, .. GatewayOf(house)]);
        var answers = Path.Combine(carrier, "DE-to-node-000001.carry");
        var taken = house.TryCommandAsync("ops", "carry", "import", answers);
        await SomethingCameAsync(house["FR"]);
        await house.Node.KillAsync();
        Assert.NotEqual(0, (await taken).Code);
        await house.StartNodeAsync();
        await house.CommandAsync("ops", "carry", "import", answers);
        await house.CommandAsync("ops", "carry", "import", answers);
        await toNode.AssertArrivedAsync("FR");
        await ImportAtBureauAsync(house, await ExportAtNodeAsync(house, carrier, 3));

        // Receipts and outbox have their answers, and each message is shown once and in its lane's order.
        await toBureau.AssertArrivedAsync("DE");
        await house["DE"].AnsweredAsync();
    }

    // Asked without a pause: a file is taken in less time than people need to look.
    private static async Task SomethingCameAsync(Officer officer)
    {
        while ((await officer.GetAsync("/status")).GetProperty("inbox").GetProperty("messages").GetInt64() == 0) TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private static void Alone(Gateway.GatewayOptions options) => options.WithoutLine = true;

    private static async Task<string> ExportAtNodeAsync(House house, string carrier, int number)
    {
        await house.CommandAsync("ops", "carry", "export", "DE", carrier);
        return Path.Combine(carrier, $"DE-to-bureau-{number:D6}.carry");
    }

    private static Task<string> ImportAtBureauAsync(House house, string file) => house.CommandAsync(["carry", "import", file, .. GatewayOf(house)]);

    private static string[] GatewayOf(House house) =>
    [
        "--as", "DE", "--gateway", house.Gateway("DE").Address.ToString(),
        "--gateway-cert", Path.Combine(house.GatewayFolder("DE"), "local-api.pem"),
        "--token", Path.Combine(house.GatewayFolder("DE"), "local-api.token"),
    ];
}
