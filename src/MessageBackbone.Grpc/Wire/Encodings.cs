using System.IO.Compression;
using Grpc.Net.Compression;

namespace MessageBackbone.GrpcWire;

// The message encodings that one side understands, and the header value that says so.
internal sealed class Encodings
{
    public const string Identity = "identity";

    private readonly ICompressionProvider[] providers;

    public Encodings(IEnumerable<ICompressionProvider>? providers)
    {
        this.providers = providers is null ? [new GzipCompressionProvider(CompressionLevel.Fastest)] : [.. providers];
        Accepted = string.Join(',', this.providers.Select(p => p.EncodingName).Prepend(Identity));
    }

    public string Accepted { get; }

    public ICompressionProvider? Find(ReadOnlySpan<char> name)
    {
        foreach (var provider in providers)
        {
            if (name.Equals(provider.EncodingName, StringComparison.OrdinalIgnoreCase))
                return provider;
        }

        return null;
    }

    // Whether the list of a peer's grpc-accept-encoding names that encoding.
    public static bool Lists(ReadOnlySpan<char> accepted, string name)
    {
        foreach (var part in accepted.Split(','))
        {
            if (accepted[part].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
