using MessageBackbone.Gateway.Tests.Running;

namespace MessageBackbone.Gateway.Tests.LocalApi;

/// <summary>Who may use the local API, and from where.</summary>
public sealed class LocalGuardTests(LocalHouse house) : IClassFixture<LocalHouse>
{
    [Fact]
    public async Task Without_a_token_or_certificate_everything_about_messages_is_closed()
    {
        using var nobody = new LocalClient(house.France, token: false);

        foreach (var path in (string[])["/messages", "/inbox", "/status", "/inbox/arrivals", "/no-such-route"])
        {
            var answer = await nobody.GetAsync(path);
            Assert.Equal((401, "NOT_AUTHENTICATED", "application/problem+json"), (answer.Status, answer.Reason, answer.MediaType));
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        }
        Assert.Equal(401, (await nobody.PostAsync("/messages", new { to = new[] { "DE" }, text = "x" })).Status);
        Assert.Equal(401, (await nobody.PostAsync("/", new { })).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task A_wrong_token_is_none(string token)
    {
        using var wrong = new LocalClient(house.France, token: false) { Token = token };

        Assert.Equal(401, (await wrong.GetAsync("/status")).Status);
    }

    [Fact]
    public async Task Another_scheme_is_no_bearer_token()
    {
        var answer = await house.Fr.SendAsync(HttpMethod.Get, "/status", change: r => r.Headers.Authorization = new("Basic", house.Fr.Token));

        Assert.Equal(401, answer.Status);
    }

    [Fact]
    public async Task The_bureaus_own_client_certificate_is_as_good_as_the_token()
    {
        using var program = new LocalClient(house.France, token: false, house.House["FR"].Keys.Tls);

        Assert.Equal(200, (await program.GetAsync("/status")).Status);
    }

    [Fact]
    public async Task Another_bureaus_client_certificate_does_not_even_connect()
    {
        using var neighbour = new LocalClient(house.France, token: true, house.House["DE"].Keys.Tls);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => neighbour.GetAsync("/status"));
    }

    [Fact]
    public async Task The_token_file_is_for_its_owner_only_and_a_gateway_does_not_start_with_one_that_others_read()
    {
        await using var own = await GatewayHouse.OpenAsync("FR");
        var first = await own.StartAsync("FR");
        var file = first.Options.OwnTokenFile;
        await first.DisposeAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(64, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Trim().Length);

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => own.StartAsync("FR"));
        Assert.Contains("0600", refused.Message, StringComparison.Ordinal);

        // What was opened before the refusal is closed again: with the mode set right the same folder serves.
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var again = await own.StartAsync("FR");
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost:1")]
    public async Task Another_host_name_is_refused(string host)
    {
        var answer = await house.Fr.SendAsync(HttpMethod.Get, "/status", change: r => r.Headers.Host = host);

        Assert.Equal((421, "WRONG_HOST"), (answer.Status, answer.Reason));
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    [InlineData("http://localhost")]
    public async Task Pages_of_other_sites_get_nothing_and_there_is_no_CORS(string origin)
    {
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/status"), (HttpMethod.Get, "/"), (HttpMethod.Options, "/messages") })
        {
            var answer = await house.Fr.SendAsync(method, path, change: r =>
            {
                r.Headers.Add("Origin", origin);
                r.Headers.Add("Access-Control-Request-Method", "POST");
            });
            Assert.Equal((403, "WRONG_ORIGIN"), (answer.Status, answer.Reason));
            Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task The_gateways_own_page_may_ask()
    {
        var port = house.France.Host.LocalAddress.Port;
        var answer = await house.Fr.SendAsync(HttpMethod.Get, "/status", change: r => r.Headers.Add("Origin", $"https://127.0.0.1:{port}"));

        Assert.Equal(200, answer.Status);
    }

    [Theory]
    [InlineData("/status")]
    [InlineData("/no-such-route")]
    [InlineData("/inbox?limit=many")]
    [InlineData("/")]
    public async Task Every_answer_says_what_a_browser_may_do_with_it(string path)
    {
        var headers = (await house.Fr.GetAsync(path)).Headers;

        Assert.Equal("nosniff", Assert.Single(headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-store", headers.CacheControl!.ToString());
        Assert.StartsWith("default-src 'none'", Assert.Single(headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.False(headers.Contains("Server"));
    }
}
