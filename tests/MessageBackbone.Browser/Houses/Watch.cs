using System.Net;
using MessageBackbone.Browser.Driving;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Browser.Houses;

/// <summary>A node whose dashboard is served in both ways on ports that stay, also after a restart: with certificates over HTTPS, by one-time links over HTTP on
/// loopback.</summary>
internal sealed class Watch : IAsyncDisposable
{
    public static readonly Holder Operator = new(HolderRole.Operator, "operator-1");
    public static readonly Holder Auditor = new(HolderRole.Auditor, "auditor-1");
    public static readonly Holder Secretariat = new(HolderRole.Secretariat, "secretariat");

    private readonly int _grpc = LocalBrokerSetup.FreePort(), _https = LocalBrokerSetup.FreePort(), _http = LocalBrokerSetup.FreePort();
    private readonly Dictionary<Holder, string> _signedIn = [];

    public Uri Secure => new($"https://127.0.0.1:{_https}");

    public Uri Plain => new($"http://127.0.0.1:{_http}");

    public House House { get; private set; } = null!;

    public static async Task<Watch> OpenAsync(Action<NodeOptions>? configure, params string[] bureaus)
    {
        var watch = new Watch();
        watch.House = await House.OpenAsync(options => watch.Configure(options, configure), bureaus);
        return watch;
    }

    /// <summary>A new one-time link; whoever opens it is <paramref name="first"/> and may change to the others.</summary>
    public Uri Link(params IReadOnlyList<Holder> holders) => new(Plain, House.Node.DashboardLink(holders).PathAndQuery);

    /// <summary>A browser that came by a link as this holder.</summary>
    public async Task<Watcher> EnterAsync(Chromium chromium, Holder? who = null, Look? look = null)
    {
        var holder = who ?? Operator;
        look ??= Look.Usual;
        if (!_signedIn.TryGetValue(holder, out var cookies)) _signedIn[holder] = cookies = await SignInAsync(chromium, holder);
        var watcher = await Watcher.OpenAsync(chromium, Plain, look, options => options.StorageState = cookies);
        await watcher.Context.AddCookiesAsync([new() { Name = "language", Value = look.Language, Url = Plain.ToString() }]);
        return watcher;
    }

    /// <summary>The same with a new link: the cookie of the old one has ended.</summary>
    public Task<Watcher> EnterAgainAsync(Chromium chromium)
    {
        _signedIn.Clear();
        return EnterAsync(chromium);
    }

    /// <summary>A browser that has the holder's certificate, at the HTTPS port.</summary>
    public Task<Watcher> EnterWithCertificateAsync(Chromium chromium, string holder, Look? look = null) =>
        Watcher.OpenWithCertificateAsync(chromium, Secure, Path.Combine(House.Folder, holder), look);

    public async ValueTask DisposeAsync()
    {
        // Said whole: an error that a page met is what a failed test wants to know.
        var errors = House.Logs.Errors;
        House.Logs.Forget();
        await House.DisposeAsync();
        Assert.True(errors.Count == 0, string.Join("\n\n", errors.Take(5)));
    }

    private async Task<string> SignInAsync(Chromium chromium, Holder holder)
    {
        await using var watcher = await Watcher.OpenAsync(chromium, Plain);
        var entered = await watcher.Page.GotoAsync(Link(holder).ToString());
        Assert.Equal(200, entered!.Status);
        return await watcher.Context.StorageStateAsync();
    }

    private void Configure(NodeOptions options, Action<NodeOptions>? more)
    {
        options.Listen = $"127.0.0.1:{_grpc}";
        options.Dashboard.Listen = $"127.0.0.1:{_https}";
        options.Dashboard.DemoListen = new IPEndPoint(IPAddress.Loopback, _http);
        options.Dashboard.ShowEvery = TimeSpan.FromMilliseconds(200);
        more?.Invoke(options);
    }
}
