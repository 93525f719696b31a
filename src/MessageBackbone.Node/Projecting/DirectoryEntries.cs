using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>directory</c>: every entry as clients see it, a version a change. Founders, who are configured and not recorded, have none.</summary>
internal static class DirectoryEntries
{
    // The events are kept beside the entries: they are few, and from them the writer finds its state again after a start.
    private const string Schema =
        """
        CREATE TABLE entry (
            name TEXT NOT NULL,
            since INTEGER NOT NULL,
            until INTEGER NOT NULL,
            value BLOB NOT NULL,
            PRIMARY KEY (name, since)) STRICT, WITHOUT ROWID;
        CREATE TABLE folded (position INTEGER PRIMARY KEY, type TEXT NOT NULL, data BLOB NOT NULL) STRICT;
        """;

    public static Projection Projection { get; } = new("directory", 1, Schema, session => new Writer(session));

    /// <summary>The entries as of <paramref name="position"/>, by name.</summary>
    public static List<DirectoryUpdate> AsOf(ReadModelSession session, LogPosition position) =>
        session.Prepare("SELECT value FROM entry WHERE since <= ?1 AND until > ?1 ORDER BY name")
            .Bind(1, (long)Math.Min(position.Value, long.MaxValue - 1)).All(row => DirectoryUpdate.Parser.ParseFrom(row.Bytes(0)));

    private sealed class Writer : IRowWriter
    {
        private readonly Statement _close;
        private readonly Statement _insert;
        private readonly Statement _keep;
        private DirectoryState _state = new();

        public Writer(ReadModelSession session)
        {
            _close = session.Prepare($"UPDATE entry SET until = ?2 WHERE name = ?1 AND until = {RowText.Open}");
            _insert = session.Prepare($"INSERT INTO entry VALUES (?1, ?2, {RowText.Open}, ?3)");
            _keep = session.Prepare("INSERT INTO folded VALUES (?1, ?2, ?3)");
            foreach (var (position, type, data) in session.Prepare("SELECT position, type, data FROM folded ORDER BY position")
                         .All(row => ((ulong)row.Number(0), row.Text(1), row.Bytes(2).ToArray())))
                _state = DirectoryFolding.Evolve(_state, EventTypes.Parse(type, data), position);
        }

        public void Apply(RecordedEvent recorded)
        {
            if (!DirectoryFolding.Concerns(recorded.Type) || !EventTypes.IsKnown(recorded.Type)) return;
            var (before, @event) = (_state, EventTypes.Parse(recorded.Type, recorded.Data));
            _state = DirectoryFolding.Evolve(before, @event, recorded.Position.Value);
            _keep.Bind(1, (long)recorded.Position.Value).Bind(2, recorded.Type).Bind(3, recorded.Data.Span).Run();
            foreach (var (name, entry) in Entries.Touched(before, _state, @event)) Write(name, entry, recorded.Position);
        }

        private void Write(string name, DirectoryUpdate entry, LogPosition position)
        {
            entry.Position = position.Value;
            _close.Bind(1, name).Bind(2, (long)position.Value).Run();
            _insert.Bind(1, name).Bind(2, (long)position.Value).Bind(3, entry.ToByteArray()).Run();
        }
    }

    /// <summary>Which entries an event changed, as they are after it.</summary>
    private static class Entries
    {
        public static IEnumerable<(string Name, DirectoryUpdate Entry)> Touched(DirectoryState before, DirectoryState after, IMessage @event) => @event switch
        {
            CertificateEnrolled e => Holder.TryParse($"urn:backbone:{e.Role}:{e.Name}", out var holder) ? [OfHolder(after, holder)] : [],
            CertificateRevoked e => after.FindCertificate(Fingerprint.Read(e.Act.CertificateSha256.Span)) is { } revoked ? [OfHolder(after, revoked.Holder)] : [],
            ExchangePolicySet => [OfPolicy(after)],
            _ => Bureaus(before, after).Concat(Topics(before, after)),
        };

        private static IEnumerable<(string Name, DirectoryUpdate Entry)> Bureaus(DirectoryState before, DirectoryState after) =>
            from code in after.Bureaus.Keys.Order(StringComparer.Ordinal)
            where before.Bureau(code) != after.Bureau(code) || !before.TopicsOf(code).SequenceEqual(after.TopicsOf(code), StringComparer.Ordinal)
            select OfBureau(after, code);

        private static IEnumerable<(string Name, DirectoryUpdate Entry)> Topics(DirectoryState before, DirectoryState after) =>
            from name in after.Topics.Keys.Order(StringComparer.Ordinal)
            where !ReferenceEquals(before.Topics.GetValueOrDefault(name), after.Topics[name])
                || !before.TopicSubscribers(name).SequenceEqual(after.TopicSubscribers(name), StringComparer.Ordinal)
            select OfTopic(after, name);

        private static (string Name, DirectoryUpdate Entry) OfHolder(DirectoryState state, Holder holder)
        {
            if (holder.Role == HolderRole.Bureau) return OfBureau(state, holder.Name);
            var role = holder.Uri.Split(':')[2];
            var entry = new HolderEntry { Role = role, Name = holder.Name, Certificates = { Certificates(state, holder) } };
            return ($"{role}/{holder.Name}", new DirectoryUpdate { Holder = entry });
        }

        private static (string Name, DirectoryUpdate Entry) OfBureau(DirectoryState state, string code)
        {
            var entry = new BureauEntry
            {
                Code = code,
                Topics = { state.TopicsOf(code) },
                Certificates = { Certificates(state, new Holder(HolderRole.Bureau, code)) },
            };
            if (state.Bureau(code) is { } bureau)
            {
                (entry.DisplayName, entry.HighestClassification) = (bureau.DisplayName, bureau.HighestClassification);
                (entry.Closed, entry.Contract) = (bureau.Closed, bureau.Contract);
            }

            return ($"bureau/{code}", new DirectoryUpdate { Bureau = entry });
        }

        private static (string Name, DirectoryUpdate Entry) OfTopic(DirectoryState state, string name) => ($"topic/{name}", new DirectoryUpdate
        {
            Topic = new TopicEntry { Topic = name, Allowed = { state.Topics[name].Allowed }, Subscribers = { state.TopicSubscribers(name) } },
        });

        private static (string Name, DirectoryUpdate Entry) OfPolicy(DirectoryState state) => ("policy", new DirectoryUpdate
        {
            Policy = new PolicyEntry { Rules = { state.Policy.Rules }, ClearKinds = { state.Policy.ClearKinds } },
        });

        private static IEnumerable<CertificateEntry> Certificates(DirectoryState state, Holder holder) => state.CertificatesOf(holder).Select(c => new CertificateEntry
        {
            Certificate = c.Der,
            Use = c.Use,
            EnrolledAt = c.EnrolledAt.ToTimestamp(),
            RevokedAt = c.Revocation?.RevokedAt.ToTimestamp(),
            InvalidSince = c.Revocation?.InvalidSince.ToTimestamp(),
            Reason = c.Revocation?.Reason ?? "",
        });
    }
}
