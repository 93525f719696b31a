using System.Net;
using MessageBackbone.Node.Dashboard;
using MessageBackbone.Node.Dashboard.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Dashboard;

/// <summary>What is refused before anybody is asked who he is.</summary>
public sealed class DoorTests
{
    private static readonly IPAddress Listening = IPAddress.Parse("192.0.2.7");

    [Theory]
    [InlineData("GET", "watch.example", null, null, null)]
    [InlineData("GET", "127.0.0.1:7480", null, null, null)]
    [InlineData("GET", "192.0.2.7:7480", null, "none", "navigate")]
    [InlineData("GET", "[::1]:7480", null, "same-origin", "cors")]
    [InlineData("GET", "localhost", null, "cross-site", "navigate")]
    [InlineData("POST", "watch.example", "https://watch.example", "same-origin", "cors")]
    public void What_comes_from_the_site_itself_passes(string method, string host, string? origin, string? site, string? mode) =>
        Assert.Null(Problem(method, host, origin, site, mode));

    [Theory]
    [InlineData("GET", "evil.example", null, null, null)]
    [InlineData("GET", "192.0.2.8", null, null, null)]
    [InlineData("GET", "watch.example.evil.example", null, null, null)]
    [InlineData("POST", "watch.example", "https://evil.example", "cross-site", "navigate")]
    [InlineData("POST", "watch.example", "http://watch.example", "cross-site", "cors")]
    [InlineData("POST", "watch.example", null, "cross-site", "navigate")]
    [InlineData("POST", "watch.example", null, null, null)]
    [InlineData("GET", "watch.example", null, "cross-site", "websocket")]
    [InlineData("GET", "watch.example", "null", "cross-site", "cors")]
    public void What_another_site_makes_a_browser_ask_for_is_refused(string method, string host, string? origin, string? site, string? mode) =>
        Assert.NotNull(Problem(method, host, origin, site, mode));

    [Fact]
    public void A_socket_says_where_it_comes_from()
    {
        var request = Request("GET", "watch.example", null, null, null);
        request.Headers.Upgrade = "websocket";
        Assert.NotNull(NewDoor().Problem(request, Listening));
        request.Headers.Origin = "https://watch.example";
        Assert.Null(NewDoor().Problem(request, Listening));
    }

    private static string? Problem(string method, string host, string? origin, string? site, string? mode) =>
        NewDoor().Problem(Request(method, host, origin, site, mode), Listening);

    private static Door NewDoor() => new(new DashboardOptions { Hosts = ["watch.example"] }, NullLogger<Door>.Instance);

    private static HttpRequest Request(string method, string host, string? origin, string? site, string? mode)
    {
        var request = new DefaultHttpContext().Request;
        (request.Method, request.Scheme, request.Host) = (method, "https", new HostString(host));
        if (origin is not null) request.Headers.Origin = origin;
        if (site is not null) request.Headers["Sec-Fetch-Site"] = site;
        if (mode is not null) request.Headers["Sec-Fetch-Mode"] = mode;
        return request;
    }
}
