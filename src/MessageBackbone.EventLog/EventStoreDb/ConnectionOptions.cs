using System.Globalization;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>The options behind the '?' of a connection string. Their names count in any case, as with the server's own clients.</summary>
internal sealed class ConnectionOptions
{
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "tls", "tlsVerifyCert", "tlsCaFile", "userCertFile", "userKeyFile", "connectionName", "maxDiscoverAttempts", "discoveryInterval",
        "gossipTimeout", "defaultDeadline", "keepAliveInterval", "keepAliveTimeout", "nodePreference", "throwOnAppendFailure",
    };

    private readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);

    public static ConnectionOptions Read(string query)
    {
        var options = new ConnectionOptions();
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new FormatException($"'{pair}' in the connection string is no option=value.");
            if (!options._values.TryAdd(pair[..equals], Uri.UnescapeDataString(pair[(equals + 1)..])))
                throw new FormatException($"'{pair[..equals]}' is twice in the connection string.");
        }

        return options;
    }

    /// <summary>An option that is not known would be a wish that nobody hears.</summary>
    public void CheckKnown()
    {
        if (_values.Keys.FirstOrDefault(name => !Known.Contains(name)) is { } unknown)
            throw new FormatException($"'{unknown}' is no option of a connection string. Known are {string.Join(", ", Known.Order(StringComparer.Ordinal))}.");
        if (Text("nodePreference") is { } preference && !preference.Equals("leader", StringComparison.OrdinalIgnoreCase))
            throw new FormatException($"nodePreference={preference}: what decides is read from the leader; only 'leader' can be meant.");
    }

    public string? Text(string name) => _values.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    public bool Bool(string name, bool otherwise) => Text(name) switch
    {
        null => otherwise,
        var value when bool.TryParse(value, out var parsed) => parsed,
        var value => throw new FormatException($"{name}={value} in the connection string is neither true nor false."),
    };

    public int Number(string name, int otherwise) => Text(name) switch
    {
        null => otherwise,
        var value when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) && parsed > 0 => parsed,
        var value => throw new FormatException($"{name}={value} in the connection string is no number above 0."),
    };

    /// <summary>−1 means never, as with the server's own clients.</summary>
    public TimeSpan Milliseconds(string name, int otherwise) =>
        Text(name) == "-1" ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Number(name, otherwise));

    public (string First, string Second)? Pair(string first, string second) => (Text(first), Text(second)) switch
    {
        (null, null) => null,
        ({ } one, { } other) => (one, other),
        _ => throw new FormatException($"{first} and {second} go together in a connection string."),
    };
}
