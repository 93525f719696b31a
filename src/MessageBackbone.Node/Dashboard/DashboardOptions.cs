using System.ComponentModel.DataAnnotations;
using System.Net;

namespace MessageBackbone.Node.Dashboard;

/// <summary>Where the dashboard is served and who comes in besides holders of enrolled certificates. All defaults are here.</summary>
public sealed class DashboardOptions : IValidatableObject
{
    /// <summary>Address and port of the dashboard, HTTPS with the node's own TLS certificate; port 0 takes a free one; empty: none. Default empty.</summary>
    public string Listen { get; set; } = "";

    /// <summary>Names under which browsers may ask for it, without a port, like <c>watch.example</c>. Addresses of the loopback interface and the one that is
    /// listened on need no mention. Default none.</summary>
    public IList<string> Hosts { get; set; } = [];

    /// <summary>A proxy that knows its users; without a certificate named here nobody's headers are believed.</summary>
    [Required] public ProxyOptions Proxy { get; set; } = new();

    /// <summary>Browsers that may watch at the same time. Default 200.</summary>
    [Range(1, 10_000)] public int Browsers { get; set; } = 200;

    /// <summary>The least time between two states of the board that browsers are shown. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")] public TimeSpan ShowEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long before its end a certificate is reported. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")] public TimeSpan CertificateNotice { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long something may wait for a bureau that nobody attends for until it is reported. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")] public TimeSpan SilentAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>For the demo alone: plain HTTP on loopback, entered by one-time links. No configuration sets it.</summary>
    internal IPEndPoint? DemoListen { get; set; }

    internal bool Served => Listen.Length > 0 || DemoListen is not null;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Listen.Length > 0 && !IPEndPoint.TryParse(Listen, out _))
            yield return new ValidationResult("Dashboard:Listen is an IP address and a port, like 127.0.0.1:7480.", [nameof(Listen)]);
        if (Hosts.Any(host => Uri.CheckHostName(host) == UriHostNameType.Unknown))
            yield return new ValidationResult("Dashboard:Hosts are names without a port, like watch.example.", [nameof(Hosts)]);
        if (Proxy.Problem is { } problem) yield return new ValidationResult($"Dashboard:Proxy: {problem}", [nameof(Proxy)]);
    }
}

/// <summary>A proxy in front of the dashboard that signs people in itself and says in headers who they are.</summary>
public sealed class ProxyOptions
{
    /// <summary>SHA-256 of the client certificate that the proxy connects with, 64 hexadecimal digits; empty: there is no proxy. Default empty.</summary>
    public string CertificateSha256 { get; set; } = "";

    /// <summary>Header with the person's name, [a-z0-9][a-z0-9-]{0,31}. Default X-Backbone-Name.</summary>
    public string NameHeader { get; set; } = "X-Backbone-Name";

    /// <summary>Header with the person's role: operator, auditor or secretariat. Default X-Backbone-Role.</summary>
    public string RoleHeader { get; set; } = "X-Backbone-Role";

    internal string? Problem =>
        CertificateSha256.Length > 0 && !(CertificateSha256.Length == 64 && CertificateSha256.All(char.IsAsciiHexDigit)) ? "CertificateSha256 has 64 hexadecimal digits."
        : NameHeader.Length == 0 || RoleHeader.Length == 0 ? "NameHeader and RoleHeader name two headers."
        : null;
}
