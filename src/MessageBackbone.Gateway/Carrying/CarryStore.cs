using Google.Protobuf;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Carrying;

/// <summary>The row of files in both directions, and what files told of this bureau's messages.</summary>
internal sealed class CarryStore(GatewayDatabase database)
{
    /// <summary>The file of the row with the highest number; 0 and empty: none.</summary>
    public (ulong Number, ByteString Sha256) Last(CarryDirection direction) => database.Read(session => session.Query(
        "SELECT number, sha256 FROM carried WHERE direction = $direction ORDER BY number DESC LIMIT 1",
        row => ((ulong)row.GetInt64(0), ByteString.CopyFrom(row.Bytes(1))), ("$direction", (int)direction))) is [var last] ? last : (0, ByteString.Empty);

    /// <summary>SHA-256 of the row's file under this number; null: there was none, or it was passed over.</summary>
    public ByteString? Find(CarryDirection direction, ulong number) => database.Read(session => session.First(
        "SELECT sha256 FROM carried WHERE direction = $direction AND number = $number", row => ByteString.CopyFrom(row.Bytes(0)),
        ("$direction", (int)direction), ("$number", (long)number)));

    /// <summary>The file is written, or everything in it is stored. Another file under a number that was taken begins the row anew: the other side lost what it
    /// knew.</summary>
    public Task AddAsync(CarryDirection direction, ulong number, ReadOnlyMemory<byte> sha256, DateTimeOffset at) => database.WriteAsync(
        session =>
        {
            session.Execute(
                "DELETE FROM carried WHERE direction = $direction "
                + "AND EXISTS (SELECT 1 FROM carried WHERE direction = $direction AND number = $number AND sha256 <> $sha)",
                ("$direction", (int)direction), ("$number", (long)number), ("$sha", sha256.ToArray()));
            return session.Execute(
                "INSERT OR IGNORE INTO carried (direction, number, at, sha256) VALUES ($direction, $number, $at, $sha)",
                ("$direction", (int)direction), ("$number", (long)number), ("$at", at.ToUnixTimeMilliseconds()), ("$sha", sha256.ToArray()));
        },
        CancellationToken.None);

    /// <summary>What became of a message, as of the time at which the file was written. Nothing older takes its place.</summary>
    public Task TrackAsync(Tracking tracking, DateTimeOffset at, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Execute(
            """
            INSERT INTO carried_tracking (message_id, final, at, bytes) VALUES ($id, $final, $at, $bytes)
            ON CONFLICT (message_id) DO UPDATE SET final = excluded.final, at = excluded.at, bytes = excluded.bytes WHERE excluded.at >= at
            """,
            ("$id", tracking.MessageId), ("$final", IsFinal(tracking) ? 1 : 0), ("$at", at.ToUnixTimeMilliseconds()), ("$bytes", tracking.ToByteArray())),
        cancellationToken);

    /// <summary>Null: no file told of it.</summary>
    public (Tracking Tracking, DateTimeOffset At)? Tracking(string messageId) => database.Read(session => session.Query(
        "SELECT bytes, at FROM carried_tracking WHERE message_id = $id",
        row => (V1.Tracking.Parser.ParseFrom(row.Bytes(0)), row.Time(1)!.Value), ("$id", messageId))) is [var found] ? found : null;

    // An OPENED may follow a DELIVERED, and a quarantine ends.
    private static bool IsFinal(Tracking tracking) => tracking.Recipients.All(recipient => recipient.State
        is DeliveryState.Opened or DeliveryState.Refused or DeliveryState.Expired or DeliveryState.Recalled or DeliveryState.Redirected);
}
