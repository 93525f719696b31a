using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.EndToEnd.Killing;

/// <summary>What was sent, and the two promises: each is shown once, and within a precedence in log order.</summary>
internal sealed class Sent(House house)
{
    private static readonly string[] Precedences = ["routine", "priority", "immediate", "flash"];
    private readonly Dictionary<string, HashSet<string>> _expected = [];

    /// <summary>Hands messages of all precedences to the sender's gateway.</summary>
    public async Task SendAsync(string from, string[] to, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var id = await house[from].SendAsync(new { to, precedence = Precedences[i % 4], subject = $"No. {i}", text = "x" });
            foreach (var bureau in to) (_expected.TryGetValue(bureau, out var ids) ? ids : _expected[bureau] = []).Add(id);
        }
    }

    public int CountFor(string bureau) => _expected[bureau].Count;

    /// <summary>Waits until the bureau's inbox holds them all and its receipts are recorded.</summary>
    public async Task AssertArrivedAsync(string bureau)
    {
        var listed = await house[bureau].InboxHoldsAsync(CountFor(bureau));
        await house[bureau].ReceiptedAsync();

        Assert.Equal(_expected[bureau].Order(), listed.Select(message => message.MessageId).Order());
        foreach (var lane in listed.GroupBy(message => message.Precedence))
            Assert.Equal(Enumerable.Range(1, lane.Count()).Select(n => (ulong)n), lane.Select(message => message.Sequence));
    }
}
