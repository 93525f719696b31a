using System.Globalization;
using System.Net;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Where an EventStoreDB is, in the form that its users know: <c>esdb://[user:password@]host[:port][,host[:port]…][?option=value&amp;…]</c>, or
/// <c>esdb+discover://</c> when the hosts are only asked who leads. <c>kurrentdb://</c> and <c>kurrentdb+discover://</c> mean the same.</summary>
public sealed record ConnectionString
{
    /// <summary>The port that is meant when none is named.</summary>
    public const int DefaultPort = 2113;

    private ConnectionString(IReadOnlyList<DnsEndPoint> hosts) => Hosts = hosts;

    /// <summary>Who is asked, in the order named. Never empty.</summary>
    public IReadOnlyList<DnsEndPoint> Hosts { get; }

    /// <summary>The hosts are asked who leads: with <c>+discover</c>, or with more than one host.</summary>
    public bool Discover { get; private init; }

    /// <summary><c>tls</c>. Default true.</summary>
    public bool Tls { get; private init; } = true;

    /// <summary><c>tlsVerifyCert</c>. Default true; false is for development alone.</summary>
    public bool TlsVerify { get; private init; } = true;

    /// <summary><c>tlsCaFile</c>: the only authority that the server's certificate may come from; null: those of the system.</summary>
    public string? TlsCaFile { get; private init; }

    /// <summary>User and password, percent-decoded; null: nobody.</summary>
    public NetworkCredential? User { get; private init; }

    /// <summary><c>userCertFile</c> and <c>userKeyFile</c>, PEM: the client's certificate; null: none.</summary>
    public (string Certificate, string Key)? Certificate { get; private init; }

    /// <summary><c>connectionName</c>: what the server's log calls this client.</summary>
    public string ConnectionName { get; private init; } = "backbone";

    /// <summary><c>maxDiscoverAttempts</c>: how often all hosts are asked before a connection has failed. Default 10.</summary>
    public int DiscoverAttempts { get; private init; } = 10;

    /// <summary><c>discoveryInterval</c>, ms: the pause between two rounds. Default 100 ms.</summary>
    public TimeSpan DiscoveryInterval { get; private init; } = TimeSpan.FromMilliseconds(100);

    /// <summary><c>gossipTimeout</c>, s: how long a host may take to say who leads. Default 5 s.</summary>
    public TimeSpan GossipTimeout { get; private init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>defaultDeadline</c>, ms: how long the server may take for one call. Default 10 s.</summary>
    public TimeSpan Deadline { get; private init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>keepAliveInterval</c>, ms: after so long without a sign the connection is tried. Default 10 s.</summary>
    public TimeSpan KeepAliveInterval { get; private init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>keepAliveTimeout</c>, ms: a try that is not answered for so long ends the connection. Default 10 s.</summary>
    public TimeSpan KeepAliveTimeout { get; private init; } = TimeSpan.FromSeconds(10);

    /// <summary>The hosts without user and password: what messages and logs may show.</summary>
    public override string ToString() => $"esdb{(Discover ? "+discover" : "")}://{string.Join(',', Hosts.Select(Show))}";

    /// <summary>A host and its port as one writes them; an IPv6 address in brackets.</summary>
    public static string Show(DnsEndPoint host) => host.Host.Contains(':', StringComparison.Ordinal) ? $"[{host.Host}]:{host.Port}" : $"{host.Host}:{host.Port}";

    /// <exception cref="FormatException">It is none; the message says where, and never shows the password.</exception>
    public static ConnectionString Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (scheme, rest) = Cut(text, "://");
        var discover = scheme switch
        {
            "esdb" or "kurrentdb" => false,
            "esdb+discover" or "kurrentdb+discover" => true,
            _ => throw new FormatException("A connection string begins with esdb:// or esdb+discover://."),
        };
        var (address, query) = Cut(rest ?? "", "?");
        // Else the piece of a password before its '?' would be taken for a host, and shown as one.
        if (query?.Contains('@', StringComparison.Ordinal) == true)
            throw new FormatException("Behind the '?' of a connection string an '@' is written %40, and in a password a '?' is written %3F.");
        var at = address.LastIndexOf('@');
        var hosts = address[(at + 1)..].TrimEnd('/').Split(',').Select(ParseHost).ToList();
        var options = ConnectionOptions.Read(query ?? "");
        options.CheckKnown();
        return new(hosts)
        {
            Discover = discover || hosts.Count > 1,
            User = at < 0 ? null : ParseUser(address[..at]),
            Tls = options.Bool("tls", true),
            TlsVerify = options.Bool("tlsVerifyCert", true),
            TlsCaFile = options.Text("tlsCaFile"),
            Certificate = options.Pair("userCertFile", "userKeyFile"),
            ConnectionName = options.Text("connectionName") ?? "backbone",
            DiscoverAttempts = options.Number("maxDiscoverAttempts", 10),
            DiscoveryInterval = options.Milliseconds("discoveryInterval", 100),
            GossipTimeout = TimeSpan.FromSeconds(options.Number("gossipTimeout", 5)),
            Deadline = options.Milliseconds("defaultDeadline", 10_000),
            KeepAliveInterval = options.Milliseconds("keepAliveInterval", 10_000),
            KeepAliveTimeout = options.Milliseconds("keepAliveTimeout", 10_000),
        };
    }

    /// <summary>What <see cref="Parse"/> would say; null when it would succeed.</summary>
    public static string? ProblemWith(string text)
    {
        try
        {
            Parse(text);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static NetworkCredential ParseUser(string text)
    {
        var (user, password) = Cut(text, ":");
        return password is null || user.Length == 0
            ? throw new FormatException("A connection string names a user as user:password@.")
            : new(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password));
    }

    private static DnsEndPoint ParseHost(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= text.LastIndexOf(']')) colon = -1;
        var host = (colon < 0 ? text : text[..colon]).Trim('[', ']');
        var port = DefaultPort;
        if (colon >= 0 && !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port)) port = 0;
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown || port is < 1 or > 65_535)
            throw new FormatException($"'{text}' in the connection string is no host or host:port.");
        return new(host, port);
    }

    private static (string Before, string? After) Cut(string text, string at) =>
        text.IndexOf(at, StringComparison.Ordinal) is var i and >= 0 ? (text[..i], text[(i + at.Length)..]) : (text, null);
}
