using System.Buffers;

namespace Grpc.Core;

internal static class MetadataKey
{
    private static readonly SearchValues<char> Legal = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    public static string Normalize(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
#pragma warning disable CA1308 // HTTP/2 field names are lower case
        var lower = key.ToLowerInvariant();
#pragma warning restore CA1308
        if (lower.AsSpan().ContainsAnyExcept(Legal))
            throw new ArgumentException("A metadata key holds only letters, digits, '-', '_' and '.'.", nameof(key));
        return lower;
    }

    public static void CheckText(string value)
    {
        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ArgumentException("A metadata text holds only printable ASCII; use a key that ends in '-bin' for anything else.", nameof(value));
    }
}
