using MessageBackbone.Browser.Houses;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Browser.Looking;

/// <summary>Every page of the dashboard, and who sees it.</summary>
internal static class DashboardPages
{
    private const string Auditors = "auditor: ", Secretariats = "secretariat: ";

    /// <summary>In braces: what the house fills in.</summary>
    private static readonly string[] Operators =
    [
        "", "?all=true", "wall", "alarms", "traffic", "traffic?range=day&exercise=true", "parts", "messages", "messages?recipient=GB&state=waiting", "messages?id=nonsense",
        "messages/{opened}", "messages/{exercise}", "messages/{quarantined}", "conversations/{conversation}", "requests", "requests?debtor=ES", "operations",
        "operations/redeliver", "operations/redeliver?bureau=DE&message={opened}&reason=INBOX_LOST", "operations/quarantine",
        "operations/quarantine?bureau=IT&message={quarantined}&action=release", "operations/rebuild", "operations/rebuild?name=board", "operations/lanes",
        "operations/lanes?bureau=GB&precedence=immediate", "operations/drain", "directory", "directory/DE", "directory/certificates", "directory/topics",
        "directory/policy", "directory/changes",
    ];

    public static readonly IReadOnlyList<string> All =
    [
        .. Operators, Auditors + "messages", Auditors + "conversations/{conversation}", Secretariats + "directory/certificates", Secretariats + "revoke",
        Secretariats + "revoke?sha256={certificate}&reason=KEY_COMPROMISE&since=2020-01-01T00:00",
    ];

    /// <summary>One of each kind: board, wall, list, timeline, table, form.</summary>
    public static readonly IReadOnlyList<string> OneOfEachKind =
        ["", "wall", "alarms", "messages", "messages/{opened}", "requests", "operations/lanes?bureau=GB&precedence=immediate", "directory"];

    /// <summary>Who sees the page, its address, and a name for its picture.</summary>
    public static (Holder Who, string Address, string Picture) Of(string page, WatchedHouse house)
    {
        var (who, address) = page.StartsWith(Auditors, StringComparison.Ordinal) ? (Watch.Auditor, page[Auditors.Length..])
            : page.StartsWith(Secretariats, StringComparison.Ordinal) ? (Watch.Secretariat, page[Secretariats.Length..])
            : (Watch.Operator, page);
        var filled = address.Replace("{opened}", house.Opened, StringComparison.Ordinal).Replace("{exercise}", house.Exercise, StringComparison.Ordinal)
            .Replace("{quarantined}", house.Quarantined, StringComparison.Ordinal).Replace("{conversation}", house.Conversation, StringComparison.Ordinal)
            .Replace("{certificate}", Digests.Sha256Hex(house.House["operator-2"].Keys.Tls.RawData), StringComparison.Ordinal);
        return (who, filled, page.Length == 0 ? "board" : page);
    }
}
