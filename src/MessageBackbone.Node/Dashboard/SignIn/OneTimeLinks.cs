using System.Collections.Concurrent;
using System.Security.Cryptography;
using MessageBackbone.Domain;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Node.Dashboard.SignIn;

/// <summary>Links of the demo: each lets one browser in, once. Kept in memory, by the hash of their key.</summary>
internal sealed class OneTimeLinks
{
    private readonly ConcurrentDictionary<Fingerprint, IReadOnlyList<Holder>> _open = [];

    /// <summary>A new link's key. Whoever comes with it is the first of these, and may change to any other.</summary>
    public string Mint(IReadOnlyList<Holder> holders)
    {
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        _open[KeyOf(key)] = holders;
        return key;
    }

    /// <summary>Whom the key lets in; null: it is none, or was used before.</summary>
    public IReadOnlyList<Holder>? Use(string key) => _open.TryRemove(KeyOf(key), out var holders) ? holders : null;

    private static Fingerprint KeyOf(string key) => Fingerprint.Of(System.Text.Encoding.UTF8.GetBytes(key));
}
