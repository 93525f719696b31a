using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Browser.Entering;

/// <summary>Who comes in with a client certificate over HTTPS, and what those read who do not.</summary>
public sealed class CertificateTests(Chromium chromium)
{
    private static readonly string Nobody = Said.As("away.title");

    private static readonly LocatorAssertionsToHaveTextOptions WithinFiveSeconds = new() { Timeout = 5000 };

    [Fact]
    public async Task An_operator_comes_in_and_the_page_moves()
    {
        await using var watch = await OpenAsync();
        await using var watcher = await watch.EnterWithCertificateAsync(chromium, "operator-1");

        Assert.Equal(200, (await watcher.GoAsync("")).Status);

        await Assertions.Expect(watcher.Page.Locator(".prefs summary")).ToHaveTextAsync("operator-1");
        Assert.Equal("max-age=31536000", (await watcher.GoAsync("parts")).Headers["strict-transport-security"]);
        watcher.AssertQuiet();
    }

    [Fact]
    public async Task Without_a_certificate_a_page_says_how_to_get_one()
    {
        await using var watch = await OpenAsync();
        await using var watcher = await Watcher.OpenAsync(chromium, watch.Secure);

        Assert.Equal(401, (await watcher.GoAsync("")).Status);

        await Assertions.Expect(watcher.Page.Locator("h1")).ToHaveTextAsync(Nobody);
        await Assertions.Expect(watcher.Page.Locator("main")).ToContainTextAsync("backbone pki issue operator-2 --role operator --p12");
        await watcher.PictureAsync("light", "no-certificate");
    }

    [Fact]
    public async Task A_bureaus_certificate_has_no_part_in_it()
    {
        await using var watch = await OpenAsync("FR");
        await using var watcher = await watch.EnterWithCertificateAsync(chromium, "FR");

        Assert.Equal(401, (await watcher.GoAsync("")).Status);

        await Assertions.Expect(watcher.Page.Locator(".why")).ToHaveTextAsync("The role of your certificate has no part in the dashboard.");
    }

    [Fact]
    public async Task A_certificate_that_was_never_enrolled_is_refused()
    {
        await using var watch = await OpenAsync();
        using var stranger = watch.House.Issue(new Holder(HolderRole.Operator, "operator-9"));
        await using var watcher = await watch.EnterWithCertificateAsync(chromium, "operator-9");

        Assert.Equal(401, (await watcher.GoAsync("")).Status);

        await Assertions.Expect(watcher.Page.Locator(".why")).ToContainTextAsync("enrol");
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_refused_and_the_page_says_so()
    {
        await using var watch = await OpenAsync();
        watch.House.Clock.Advance(TimeSpan.FromDays(900));
        await using var watcher = await watch.EnterWithCertificateAsync(chromium, "operator-1");

        Assert.Equal(401, (await watcher.GoAsync("")).Status);

        await Assertions.Expect(watcher.Page.Locator(".why")).ToContainTextAsync("valid");
        await watcher.PictureAsync("light", "certificate-has-ended");
        await watcher.AssertAccessibleAsync();
    }

    [Fact]
    public async Task When_a_certificate_is_revoked_its_open_page_ends_within_five_seconds()
    {
        await using var watch = await OpenAsync();
        await using var watcher = await watch.EnterWithCertificateAsync(chromium, "operator-1");
        await watcher.GoAsync("");

        await watch.House.RevokeAsync(watch.House["operator-1"].Keys.Tls.RawData);

        await Assertions.Expect(watcher.Page.Locator("h1")).ToHaveTextAsync(Nobody, WithinFiveSeconds);
        await Assertions.Expect(watcher.Page.Locator(".why")).ToContainTextAsync("revoked");
        await watcher.PictureAsync("light", "certificate-was-revoked");
    }

    private static async Task<Watch> OpenAsync(params string[] bureaus)
    {
        var watch = await Watch.OpenAsync(null, bureaus);
        await watch.House.AddAsync(Watch.Operator);
        return watch;
    }
}
