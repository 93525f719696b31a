using Google.Protobuf;
using Grpc.Core;

namespace MessageBackbone.Cli.Invoking;

/// <summary>
/// Reason and fields of a refusal, from the google.rpc.Status in the trailer grpc-status-details-bin: Status{3 details: Any{1 type_url, 2 value}},
/// ErrorInfo{1 reason}, BadRequest{1 field_violations{1 field, 2 description}}. Read field by field: a tool shows what it can of an answer it does
/// not fully know.
/// </summary>
internal sealed record RefusalDetails(string Reason, IReadOnlyList<string> Fields)
{
    private const string Trailer = "grpc-status-details-bin";

    public static RefusalDetails? Of(RpcException call)
    {
        var entry = call.Trailers.FirstOrDefault(t => t.Key == Trailer && t.IsBinary);
        if (entry is null) return null;
        try
        {
            return Read(entry.ValueBytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static RefusalDetails Read(byte[] status)
    {
        var reason = "";
        var fields = new List<string>();
        foreach (var detail in Parts(ByteString.CopyFrom(status), 3))
        {
            var type = Parts(detail, 1).FirstOrDefault()?.ToStringUtf8() ?? "";
            var value = Parts(detail, 2).FirstOrDefault() ?? ByteString.Empty;
            if (type.EndsWith("/google.rpc.ErrorInfo", StringComparison.Ordinal)) reason = Parts(value, 1).FirstOrDefault()?.ToStringUtf8() ?? "";
            if (type.EndsWith("/google.rpc.BadRequest", StringComparison.Ordinal)) fields.AddRange(Parts(value, 1).Select(Violation));
        }
        return new RefusalDetails(reason, fields);
    }

    private static string Violation(ByteString violation) =>
        string.Join(": ", Parts(violation, 1).Concat(Parts(violation, 2)).Select(p => p.ToStringUtf8()).Where(p => p.Length > 0));

    /// <summary>The length-delimited fields of that number.</summary>
    private static List<ByteString> Parts(ByteString message, int number)
    {
        var parts = new List<ByteString>();
        using var input = message.CreateCodedInput();
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagFieldNumber(tag) == number
                && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited) parts.Add(input.ReadBytes());
            else input.SkipLastField();
        }
        return parts;
    }
}
