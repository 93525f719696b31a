using MessageBackbone.Faults.Controls;
using MessageBackbone.Faults.Houses;

namespace MessageBackbone.Faults;

/// <summary>A bureau with a narrow line, and large things under way on it.</summary>
public sealed class NarrowLineTests
{
    private const int Large = 4, Bytes = 900_000, Flashes = 3;

    // 16 KiB each time, on each connection and either way: the large ones take many times as long as everything else here.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Scene.Sender)]
    [InlineData(Scene.Recipient)]
    public async Task A_flash_passes_large_messages_and_a_file_that_are_under_way(string narrow)
    {
        var (folder, clock) = (Directory.CreateTempSubdirectory("backbone-narrow-"), TimeProvider.System);
        await using (var house = await House.OpenAsync(folder.FullName, new Engines(RabbitMq: false), "", [Scene.Recipient, Scene.Sender], [], null, Cancel))
        {
            var (sender, recipient) = (house[Scene.Sender], house[Scene.Recipient]);
            house.Line(narrow).Slow(Pause);
            var file = await sender.HandInAsync(new byte[Bytes], Cancel);
            await PostAsync(sender, "routine", "with a file", file);
            for (var i = 0; i < Large; i++) await PostAsync(sender, "routine", Text(i));
            // The sender's outbox was asked for all of them, or the node has them all: they are on the line that is narrow.
            if (narrow == Scene.Recipient)
                await Waiting.UntilAsync("all are accepted", async () => (await sender.StatusAsync(Cancel)).Waiting == 0, Cancel);

            var begun = clock.GetTimestamp();
            // The quickest of a few: a machine with other things to do delays one, a line that is full delays all.
            var flash = TimeSpan.MaxValue;
            for (var i = 1; i <= Flashes; i++)
            {
                var posted = clock.GetTimestamp();
                await PostAsync(sender, "flash", "now");
                await Waiting.UntilAsync("it is there", async () => (await recipient.InboxAsync(Cancel)).Count(one => one.Precedence == "flash") == i, Cancel);
                flash = TimeSpan.FromTicks(Math.Min(flash.Ticks, clock.GetElapsedTime(posted).Ticks));
            }
            await Waiting.UntilAsync("everything is there", async () => (await recipient.StatusAsync(Cancel)).Messages == Large + 1 + Flashes, Cancel);

            // On one connection with the others it took a seventh of the time that all of them take.
            Assert.InRange(flash / clock.GetElapsedTime(begun), 0, .07);
        }

        folder.Delete(recursive: true);
    }

    private static async Task PostAsync(Desk desk, string precedence, string text, string? file = null)
    {
        var message = new Dictionary<string, object> { ["to"] = new[] { Scene.Recipient }, ["precedence"] = precedence, ["text"] = text };
        if (file is not null) message["attachments"] = new[] { file };
        Assert.True((await desk.PostAsync(message, Cancel)).Taken);
    }

    // Nothing that could be made smaller.
    private static string Text(int seed)
    {
        var bytes = new byte[Bytes * 3 / 4];
        new Random(seed).NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }
}
