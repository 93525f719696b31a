using System.Text.Json;

namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>A message that looks like an earlier one is said to, on both sides, and nothing else happens.</summary>
public sealed class AlikeTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>
{
    [Fact]
    public async Task The_same_reference_to_the_same_bureaus_on_one_day_is_shown_and_suppresses_nothing()
    {
        var first = await house.SendAsync("FR", "DE,ES", "--text", "x", "--reference", "FR-2026-500");
        var run = await house.SucceedAsync("send", "--as", "FR", "--to", "ES,DE", "--text", "other words", "--reference", "FR-2026-500", "--wait");
        var second = run.Output[..36];

        Assert.Contains($"{second} looks like {first} of ", run.Error, StringComparison.Ordinal);
        Assert.Contains($"It looks like {first} of ", (await house.SucceedAsync("track", second, "--as", "FR")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("looks like", (await house.SucceedAsync("track", first, "--as", "FR")).Output, StringComparison.Ordinal);
        var inbox = JsonDocument.Parse((await house.SucceedAsync("inbox", "--as", "DE", "--json")).Output).RootElement.GetProperty("messages");
        var items = inbox.EnumerateArray().ToDictionary(m => m.GetProperty("message_id").GetString()!);
        Assert.False(items[first].TryGetProperty("looks_like", out _));
        Assert.Equal(first, items[second].GetProperty("looks_like").GetProperty("message_id").GetString());
        Assert.Contains($"{second} looks like {first} of ", (await house.SucceedAsync("inbox", "--as", "DE")).Error, StringComparison.Ordinal);
        Assert.Contains($"looks like {first}", (await house.SucceedAsync("inbox", "open", second, "--as", "DE")).Output, StringComparison.Ordinal);
        Assert.Contains("DELIVERED, verified", (await house.SucceedAsync("track", second, "--as", "FR")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DE", "FR-2026-601", "FR-2026-602", "DE")]
    [InlineData("DE", "", "", "DE")]
    [InlineData("DE", "FR-2026-603", "FR-2026-603", "DE,ES")]
    public async Task Another_reference_none_or_other_recipients_are_no_likeness(string to, string reference, string other, string toOthers)
    {
        await house.SendAsync("FR", to, ["--text", "x", .. Reference(reference)]);

        var run = await house.SucceedAsync(["send", "--as", "FR", "--to", toOthers, "--text", "x", .. Reference(other), "--wait"]);

        Assert.DoesNotContain("looks like", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("looks like", (await house.SucceedAsync("track", run.Output[..36], "--as", "FR")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_sender_is_no_likeness()
    {
        await house.SendAsync("FR", "DE", "--text", "x", "--reference", "2026-701");

        var other = await house.SendAsync("ES", "DE", "--text", "x", "--reference", "2026-701");

        Assert.DoesNotContain("looks like", (await house.SucceedAsync("inbox", "open", other, "--as", "DE")).Output, StringComparison.Ordinal);
        // And with the same one it would be.
        var again = await house.SendAsync("ES", "DE", "--text", "x", "--reference", "2026-701");
        Assert.Contains($"looks like {other}", (await house.SucceedAsync("inbox", "open", again, "--as", "DE")).Output, StringComparison.Ordinal);
    }

    private static string[] Reference(string reference) => reference.Length == 0 ? [] : ["--reference", reference];
}

/// <summary>The same, with a day that goes by: in a house of its own.</summary>
public sealed class AlikeDayTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>
{
    [Fact]
    public async Task Another_day_is_no_likeness_on_either_side()
    {
        string[] same = ["--text", "x", "--reference", "FR-2026-702"];
        await house.SendAsync("FR", "DE", same);

        house.Clock.Advance(TimeSpan.FromDays(1));
        var run = await house.SucceedAsync(["send", "--as", "FR", "--to", "DE", .. same, "--wait"]);
        var second = run.Output[..36];

        Assert.DoesNotContain("looks like", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("looks like", (await house.SucceedAsync("inbox", "open", second, "--as", "DE")).Output, StringComparison.Ordinal);
        // And on the same one it would be.
        var third = await house.SucceedAsync(["send", "--as", "FR", "--to", "DE", .. same, "--wait"]);
        Assert.Contains($"looks like {second}", third.Error, StringComparison.Ordinal);
    }
}
