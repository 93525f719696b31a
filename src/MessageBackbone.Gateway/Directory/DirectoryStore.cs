using Google.Protobuf;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Directory;

/// <summary>The directory's entries as the node sent them, so that a restart without a node still seals and verifies. They are judged again when read.</summary>
internal sealed class DirectoryStore(GatewayDatabase database)
{
    public List<DirectoryUpdate> Load() => database.Read(session => session.Query(
        "SELECT bytes FROM directory", row => DirectoryUpdate.Parser.ParseFrom(row.Bytes(0))));

    public Task SaveAsync(DirectoryUpdate update, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Put(session, update), cancellationToken);

    /// <summary>The whole directory: what is not in it goes.</summary>
    public Task ReplaceAsync(IReadOnlyCollection<DirectoryUpdate> updates, CancellationToken cancellationToken) =>
        database.WriteAsync(session =>
        {
            session.Execute("DELETE FROM directory");
            return updates.Sum(update => Put(session, update));
        }, cancellationToken);

    private static int Put(SqliteSession session, DirectoryUpdate update)
    {
        if (Key(update) is not { } key) return 0;
        return session.Execute(
            """
            INSERT INTO directory (entry, position, bytes) VALUES ($entry, $position, $bytes)
            ON CONFLICT (entry) DO UPDATE SET position = excluded.position, bytes = excluded.bytes
            """,
            ("$entry", key), ("$position", (long)update.Position), ("$bytes", update.ToByteArray()));
    }

    private static string? Key(DirectoryUpdate update) => update.EntryCase switch
    {
        DirectoryUpdate.EntryOneofCase.Bureau => $"bureau/{update.Bureau.Code}",
        DirectoryUpdate.EntryOneofCase.Holder => $"holder/{update.Holder.Role}/{update.Holder.Name}",
        DirectoryUpdate.EntryOneofCase.Topic => $"topic/{update.Topic.Topic}",
        DirectoryUpdate.EntryOneofCase.Policy => "policy",
        _ => null,
    };
}
