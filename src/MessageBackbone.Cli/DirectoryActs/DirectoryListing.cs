using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.DirectoryActs;

/// <summary>The directory as it is printed.</summary>
internal sealed record DirectoryListing(IReadOnlyList<ListedBureau> Bureaus, IReadOnlyList<ListedTopic> Topics, IReadOnlyList<ListedRule> Rules,
    IReadOnlyList<string> ClearKinds)
{
    public static DirectoryListing Of(ListBureausReply reply) => new(
        [.. reply.Bureaus.Select(b => new ListedBureau(
            b.Code, b.DisplayName, Choice.Show(b.HighestClassification), b.Closed, b.Contract, [.. b.Topics],
            [.. b.Certificates.Select(c =>
                new ListedCertificate(Choice.Show(c.Use), Digests.Sha256Hex(c.Certificate.Span), c.EnrolledAt?.ToDateTimeOffset(),
                c.RevokedAt?.ToDateTimeOffset()))]))],
        [.. reply.Topics.Select(t => new ListedTopic(t.Topic, [.. t.Allowed], [.. t.Subscribers]))],
        [.. (reply.Policy?.Rules ?? []).Select(r => new ListedRule(r.From, r.To, [.. r.Kinds], Choice.Show(r.Effect)))],
        [.. reply.Policy?.ClearKinds ?? []]);

    public static void Print(Printer print, DirectoryListing listing)
    {
        print.Table(["bureau", "name", "up to", "certificates", "topics", "state"], listing.Bureaus.Select(b => (IReadOnlyList<string>)
        [
            b.Code, b.Name, b.HighestClassification, string.Join(", ", b.Certificates.Where(c => c.RevokedAt is null).Select(c => c.Use)),
            string.Join(", ", b.Topics), b.Closed ? "closed" : "open",
        ]), "No bureau is registered. Next: backbone directory register CODE");
        if (listing.Topics.Count > 0)
        {
            print.Table(["topic", "may subscribe", "subscribers"], listing.Topics.Select(t => (IReadOnlyList<string>)
                [t.Topic, t.Allowed.Count == 0 ? "every bureau" : string.Join(", ", t.Allowed), string.Join(", ", t.Subscribers)]), "");
        }
        if (listing.Rules.Count > 0)
        {
            print.Table(["from", "to", "kinds", "effect"], listing.Rules.Select(r => (IReadOnlyList<string>)
                [r.From, r.To, r.Kinds.Count == 0 ? "all" : string.Join(", ", r.Kinds), r.Effect]), "");
        }
        print.Line($"May be sent clear: {(listing.ClearKinds.Count == 0 ? "control messages only" : string.Join(", ", listing.ClearKinds))}.");
    }
}

internal sealed record ListedBureau(
    string Code, string Name, string HighestClassification, bool Closed, uint Contract, IReadOnlyList<string> Topics,
        IReadOnlyList<ListedCertificate> Certificates);

internal sealed record ListedCertificate(string Use, string Sha256, DateTimeOffset? EnrolledAt, DateTimeOffset? RevokedAt);

internal sealed record ListedTopic(string Topic, IReadOnlyList<string> Allowed, IReadOnlyList<string> Subscribers);

internal sealed record ListedRule(string From, string To, IReadOnlyList<string> Kinds, string Effect);
