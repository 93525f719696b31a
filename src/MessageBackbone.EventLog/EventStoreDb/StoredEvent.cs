using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using MessageBackbone.V1;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>An event as it lies in the server, and its place in its append.</summary>
/// <param name="Event">As appended.</param>
/// <param name="Part">0 for the first event of the append.</param>
/// <param name="Parts">Events of the append.</param>
/// <remarks>
/// What the server has no field for lies in the event's custom metadata, a JSON object: <c>$correlationId</c> and <c>$causationId</c>, by which the
/// server's own tools link events; <c>recordedAt</c> (the server's <c>created</c> is its own clock's); <c>part</c> and <c>parts</c>, since the server keeps no
/// borders of appends; <c>metadata</c>, base64. An event without them was not written by this adapter.
/// </remarks>
internal sealed record StoredEvent(RecordedEvent Event, int Part, int Parts)
{
    public const string TypeKey = "type", ContentTypeKey = "content-type", OctetStream = "application/octet-stream";

    /// <summary>The custom metadata of one event.</summary>
    public static ByteString Describe(NewEvent e, int part, int parts)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256 + (e.Metadata.Length * 4 / 3));
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteLinks(json, e.Metadata);
            json.WriteString("recordedAt"u8, e.RecordedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteNumber("part"u8, part);
            json.WriteNumber("parts"u8, parts);
            json.WriteBase64String("metadata"u8, e.Metadata.Span);
            json.WriteEndObject();
        }

        return ByteString.CopyFrom(buffer.WrittenSpan);
    }

    /// <summary>The event of an answer. Null: this adapter did not write it.</summary>
    public static StoredEvent? Read(ReadResp.Types.ReadEvent answer, StreamNames names)
    {
        var e = answer.Event;
        if (e is null || answer.PositionCase != ReadResp.Types.ReadEvent.PositionOneofCase.CommitPosition) return null;
        if (names.Read(e.StreamIdentifier.StreamName.ToStringUtf8()) is not { } stream || !e.Metadata.TryGetValue(TypeKey, out var type)) return null;
        if (ReadDescription(e.CustomMetadata.Memory) is not { } about) return null;
        var recorded = new RecordedEvent(
            new(answer.CommitPosition), stream, new(e.StreamRevision), e.Id.ToGuid(), type, e.Data.Memory, about.Metadata, about.RecordedAt)
        {
            EndsAppend = about.Part == about.Parts - 1,
        };
        return new(recorded, about.Part, about.Parts);
    }

    private static void WriteLinks(Utf8JsonWriter json, ReadOnlyMemory<byte> metadata)
    {
        if (Links(metadata) is not { } links) return;
        if (links.Correlation.Length > 0) json.WriteString("$correlationId"u8, links.Correlation);
        if (links.Causation.Length > 0) json.WriteString("$causationId"u8, links.Causation);
    }

    // To the log metadata are any bytes. The node's say what belongs together; others say nothing.
    private static EventMetadata? Links(ReadOnlyMemory<byte> metadata)
    {
        try
        {
            return metadata.IsEmpty ? null : EventMetadata.Parser.ParseFrom(metadata.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static (DateTimeOffset RecordedAt, int Part, int Parts, byte[] Metadata)? ReadDescription(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var about = document.RootElement;
            if (about.ValueKind != JsonValueKind.Object
                || !about.TryGetProperty("recordedAt"u8, out var recordedAt) || !recordedAt.TryGetDateTime(out var at)
                || !about.TryGetProperty("part"u8, out var part) || !part.TryGetInt32(out var index)
                || !about.TryGetProperty("parts"u8, out var parts) || !parts.TryGetInt32(out var count)
                || !about.TryGetProperty("metadata"u8, out var metadata) || !metadata.TryGetBytesFromBase64(out var bytes)) return null;
            return (new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)), index, count, bytes);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
