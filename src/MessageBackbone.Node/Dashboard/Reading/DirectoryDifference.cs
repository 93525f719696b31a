using System.Text.Json.Nodes;
using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Dashboard.Reading;

/// <summary>What changed between two versions of an entry, as lines: "+" came, "−" went. Certificates by their hash.</summary>
internal static class DirectoryDifference
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    public static IEnumerable<(string Sign, string Text)> Of(DirectoryUpdate? before, DirectoryUpdate after)
    {
        var (old, now) = (Lines(before), Lines(after));
        return old.Except(now).Select(line => ("−", line)).Concat(now.Except(old).Select(line => ("+", line)));
    }

    private static List<string> Lines(DirectoryUpdate? entry)
    {
        if (entry is null) return [];
        var (content, certificates) = entry.EntryCase switch
        {
            DirectoryUpdate.EntryOneofCase.Bureau => ((IMessage)Without(entry.Bureau), entry.Bureau.Certificates),
            DirectoryUpdate.EntryOneofCase.Holder => (Without(entry.Holder), entry.Holder.Certificates),
            DirectoryUpdate.EntryOneofCase.Topic => (entry.Topic, []),
            _ => ((IMessage)entry.Policy, []),
        };
        return [.. Flat("", JsonNode.Parse(Formatter.Format(content))), .. certificates.Select(Line)];
    }

    private static string Line(CertificateEntry certificate) =>
        $"certificate {certificate.Use.ToString().ToLowerInvariant()} {Fingerprint.Of(certificate.Certificate.Span).ToString()[..16]}…"
        + (certificate.RevokedAt is null ? "" : $" revoked {certificate.Reason}");

    private static BureauEntry Without(BureauEntry entry)
    {
        var copy = entry.Clone();
        copy.Certificates.Clear();
        return copy;
    }

    private static HolderEntry Without(HolderEntry entry)
    {
        var copy = entry.Clone();
        copy.Certificates.Clear();
        return copy;
    }

    private static IEnumerable<string> Flat(string path, JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => Flat(path.Length == 0 ? field.Key : $"{path}.{field.Key}", field.Value)),
        JsonArray items => items.Select(item => $"{path} {item?.ToJsonString()}"),
        null => [],
        var value => [$"{path} {value}"],
    };
}
