using MessageBackbone.Fixtures;

namespace MessageBackbone.Node.Tests.Routing;

public sealed class LocalBrokerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_that_a_broker_started_outlives_it()
    {
        var own = await RabbitMqFixture.StartOwnAsync(Cancel);
        Assert.Equal(own.Broker.Version, (await own.Broker.ControlAsync(Cancel, "version")).Trim());
        // The server, its helpers and the port mapper: all of them know the folder.
        Assert.InRange(Processes(own.Folder).Count, 3, int.MaxValue);

        await own.DisposeAsync();

        Assert.Empty(Processes(own.Folder));
        Assert.False(System.IO.Directory.Exists(own.Folder));
    }

    private static IReadOnlyList<string> Processes(string folder) =>
        [.. System.IO.Directory.GetDirectories("/proc").Where(process => int.TryParse(Path.GetFileName(process), out _) && Knows(process, folder))];

    private static bool Knows(string process, string folder)
    {
        try
        {
            // Of a process that has ended and not been waited for, the environment is empty.
            return File.ReadAllText(Path.Combine(process, "environ")).Contains(folder, StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
