using System.Globalization;
using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.EndToEnd.Hostile;

/// <summary>What bad input costs the node, as the operating system counts it: managed heap, TLS, SQLite and all else that a process holds.</summary>
public sealed class NodeMemoryTests
{
    private const int WarmUp = 2_000, Bad = 10_000;
    private const long MostMoreKiB = 32 * 1024;

    [Fact(Timeout = 300_000)]
    public async Task Ten_thousand_bad_submissions_cost_the_nodes_process_at_most_32_MiB_and_leave_no_message()
    {
        await using var house = await House.OpenAsync(null, null, "FR", "DE");
        using var sender = new BadSubmissions(house);
        // Compiled code, pools and the heap's first generations are there once for all that comes; a leak goes on.
        await sender.SendAsync(WarmUp);
        var before = ResidentKiB(house.Node);

        await sender.SendAsync(Bad);

        var after = ResidentKiB(house.Node);
        TestContext.Current.TestOutputHelper?.WriteLine($"VmRSS {before} KiB before, {after} KiB after {Bad} bad submissions");
        Assert.True(after - before <= MostMoreKiB, $"VmRSS was {before} KiB and is {after} KiB.");
        string[] audit = ["audit", "events", "--purpose", "internal-review", "--why", "Bad input", "--type", "message.accepted.v1"];
        Assert.Contains("No event fits.", await house.CommandAsync(audit), StringComparison.Ordinal);
        await sender.SendGoodAsync();
        Assert.DoesNotContain("No event fits.", await house.CommandAsync(audit), StringComparison.Ordinal);
    }

    private static long ResidentKiB(BackboneProcess process)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
