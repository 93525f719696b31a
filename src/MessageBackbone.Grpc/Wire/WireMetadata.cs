using Grpc.Core;

namespace MessageBackbone.GrpcWire;

// Metadata as HTTP header fields and back.
internal static class WireMetadata
{
    // Fields that belong to HTTP or to the protocol: never shown as metadata and never taken from a caller's metadata.
    public static bool IsReserved(string name) =>
        name[0] switch
        {
            ':' => true,
            'g' or 'G' => name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("grpc-status-details-bin", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("grpc-previous-rpc-attempts", StringComparison.OrdinalIgnoreCase),
            't' or 'T' => name.Equals("te", StringComparison.OrdinalIgnoreCase) || name.Equals("trailer", StringComparison.OrdinalIgnoreCase)
                || name.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase),
            'c' or 'C' => name.Equals("content-type", StringComparison.OrdinalIgnoreCase) || name.Equals("content-length", StringComparison.OrdinalIgnoreCase)
                || name.Equals("connection", StringComparison.OrdinalIgnoreCase) || name.Equals("content-encoding", StringComparison.OrdinalIgnoreCase),
            'h' or 'H' => name.Equals("host", StringComparison.OrdinalIgnoreCase),
            _ => false,
        };

    public static string Value(Metadata.Entry entry) =>
        entry.IsBinary ? Convert.ToBase64String(entry.RawBytes).TrimEnd('=') : entry.Value;

    // A binary field may hold several values joined by commas, each base64 with or without padding.
    public static void Add(Metadata target, string name, string? value)
    {
#pragma warning disable CA1308 // HTTP/2 field names are lower case; HttpClient gives well-known names back in their HTTP/1 spelling
        var key = name.ToLowerInvariant();
#pragma warning restore CA1308
        value ??= "";
        if (!key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
        {
            target.Add(new Metadata.Entry(key, value, null));
            return;
        }

        foreach (var part in value.Split(','))
            target.Add(new Metadata.Entry(key, null, Base64(part.Trim())));
    }

    private static byte[] Base64(string value)
    {
        var padded = (value.Length % 4) switch { 2 => value + "==", 3 => value + "=", _ => value };
        var bytes = new byte[padded.Length / 4 * 3];
        if (!Convert.TryFromBase64String(padded, bytes, out var written))
            throw new RpcException(new Status(StatusCode.Internal, "A binary metadata value is not base64."));
        return bytes.AsSpan(0, written).ToArray();
    }
}
