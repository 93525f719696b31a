using System.Net;
using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;

namespace MessageBackbone.Browser.Entering;

/// <summary>What the dashboard answers to what no page of its own would ask.</summary>
[Collection(WatchedHouse.Name)]
public sealed class DoorTests(WatchedHouse house, Chromium chromium)
{
    private const string Elsewhere = "https://elsewhere.example";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("favicon.ico")]
    [InlineData("no-such-page")]
    public async Task Every_answer_loosens_nothing(string page)
    {
        using var answer = await AskAsync(HttpMethod.Get, page);

        Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self';", Header(answer, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", Header(answer, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal(("nosniff", "same-origin", "same-origin"), (Header(answer, "X-Content-Type-Options"), Header(answer, "Referrer-Policy"), Header(answer, "Cross-Origin-Opener-Policy")));
    }

    [Fact]
    public async Task A_page_is_never_kept_by_a_cache()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);

        var response = await watcher.GoAsync("messages");

        Assert.Contains("no-store", response.Headers["cache-control"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_another_site_sends_is_refused()
    {
        using var answer = await AskAsync(HttpMethod.Post, "leave", ask => ask.Headers.Add("Origin", Elsewhere));

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task A_form_that_does_not_say_where_it_comes_from_is_refused()
    {
        using var answer = await AskAsync(HttpMethod.Post, "leave");

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Theory]
    [InlineData(Elsewhere)]
    [InlineData("http://127.0.0.1")]
    [InlineData("null")]
    [InlineData("")]
    public async Task A_connection_that_another_site_opens_is_refused(string origin)
    {
        using var answer = await AskAsync(HttpMethod.Get, "_blazor?id=x", ask =>
        {
            ask.Headers.Add("Connection", "Upgrade");
            ask.Headers.Add("Upgrade", "websocket");
            ask.Headers.Add("Sec-WebSocket-Version", "13");
            ask.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
            if (origin.Length > 0) ask.Headers.Add("Origin", origin);
        });

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task A_foreign_name_that_leads_here_is_refused()
    {
        using var answer = await AskAsync(HttpMethod.Get, "", ask => ask.Headers.Host = "elsewhere.example");

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task A_script_of_another_site_is_given_nothing()
    {
        using var answer = await AskAsync(HttpMethod.Get, "messages", ask =>
        {
            ask.Headers.Add("Sec-Fetch-Site", "cross-site");
            ask.Headers.Add("Sec-Fetch-Mode", "cors");
        });

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task An_order_without_the_token_of_its_form_is_refused_and_does_nothing()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        var before = await house.House.CountAsync("operations.drain-ordered.v1");
        var form = watcher.Context.APIRequest.CreateFormData();
        form.Set("_handler", "order");
        form.Set("Confirm", "DRAIN");

        var answer = await watcher.Context.APIRequest.PostAsync(
            watcher.At("operations/drain"), new() { Form = form, Headers = [new("Origin", house.Watch.Plain.GetLeftPart(UriPartial.Authority))] });

        Assert.Equal((400, before), (answer.Status, await house.House.CountAsync("operations.drain-ordered.v1")));
    }

    [Fact]
    public async Task A_link_opens_once()
    {
        var link = house.Watch.Link(Watch.Operator).ToString();
        await using var first = await Watcher.OpenAsync(chromium, house.Watch.Plain);
        await using var second = await Watcher.OpenAsync(chromium, house.Watch.Plain);

        Assert.Equal(200, (await first.Page.GotoAsync(link))!.Status);
        Assert.Equal(401, (await second.Page.GotoAsync(link))!.Status);
        await Assertions.Expect(second.Page.Locator("h1")).ToHaveTextAsync(Said.As("away.title"));
        await second.PictureAsync("light", "nobody-is-signed-in");
        await second.AssertAccessibleAsync();
    }

    [Theory]
    [InlineData("//elsewhere.example/")]
    [InlineData("https://elsewhere.example/")]
    [InlineData(@"/\elsewhere.example")]
    public async Task A_choice_of_language_leads_to_no_other_site(string back)
    {
        using var answer = await AskAsync(HttpMethod.Get, $"preferences?language=fr&back={Uri.EscapeDataString(back)}");

        Assert.Equal((HttpStatusCode.Redirect, "/"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
    }

    private static string Header(HttpResponseMessage answer, string name) => string.Join(' ', answer.Headers.GetValues(name));

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string page, Action<HttpRequestMessage>? change = null)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(method, new Uri(house.Watch.Plain, $"/{page}"));
        change?.Invoke(request);
        return await http.SendAsync(request, Cancel);
    }
}
