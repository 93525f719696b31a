using System.Security.Cryptography;
using MessageBackbone.Protocol.Identities;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Connecting;

/// <summary>The bureau's own keys and its pinned CA, as the files say now. Safe for concurrent use.</summary>
internal sealed class KeyRing : IDisposable
{
    private readonly GatewayOptions _options;
    private readonly Lock _gate = new();
    private readonly List<HolderKeys> _former = [];
    private string _read, _waits = "";
    private volatile Ring _ring;

    public KeyRing(GatewayOptions options)
    {
        _options = options;
        (_ring, _read) = Read();
    }

    public HolderKeys Keys => _ring.Keys;

    public TrustAnchor Anchor => _ring.Anchor;

    public BureauCode Bureau => _ring.Bureau;

    /// <summary>Reads the files again; when they cannot be used, that is logged and the old keys stay.</summary>
    /// <param name="usable">Whether these keys may be used yet; where not, the old ones stay as well.</param>
    /// <returns>Something in them changed, and is used from now on.</returns>
    public bool TryReload(ILogger log, Func<HolderKeys, bool>? usable = null)
    {
        try
        {
            lock (_gate) return Reload(log, usable ?? (_ => true));
        }
        catch (Exception fault) when (fault is ArgumentException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            // A certificate whose key is not written yet is one of them: the next look finds both.
            GatewayLog.KeysNotRead(log, fault.Message);
            return false;
        }
    }

    public void Dispose()
    {
        _ring.Keys.Dispose();
        foreach (var keys in _former) keys.Dispose();
    }

    private bool Reload(ILogger log, Func<HolderKeys, bool> usable)
    {
        var (ring, read) = Read();
        if (read == _read || !usable(ring.Keys))
        {
            ring.Keys.Dispose();
            if (read != _read && read != _waits) GatewayLog.KeysWait(log, Bureau.Value);
            _waits = read;
            return false;
        }
        _former.Add(_ring.Keys); // calls under way still sign with them
        (_ring, _read) = (ring, read);
        GatewayLog.KeysRead(log, Bureau.Value);
        return true;
    }

    private (Ring Ring, string Read) Read()
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string? Text(string folder, string name)
        {
            var path = Path.Combine(folder, name);
            if (!File.Exists(path)) return null;
            var text = File.ReadAllText(path);
            all.AppendData(System.Text.Encoding.UTF8.GetBytes(name + "\n" + text));
            return text;
        }

        var ca = Text(_options.PkiFolder, "ca.pem") ?? throw new ArgumentException($"There is no ca.pem in {_options.PkiFolder}.");
        var anchor = TrustAnchor.FromPem(ca, Text(_options.PkiFolder, "crl.pem"));
        var keys = HolderKeys.FromPem(name => Text(_options.OwnFolder, name));
        if (keys.Holder != Holder.Bureau(_options.Bureau))
        {
            keys.Dispose();
            throw new ArgumentException($"The keys in {_options.OwnFolder} are those of {keys.Holder.Uri}, not of bureau {_options.Bureau}.");
        }
        return (new Ring(keys, anchor, BureauCode.Parse(_options.Bureau)), Convert.ToHexStringLower(all.GetHashAndReset()));
    }

    private sealed record Ring(HolderKeys Keys, TrustAnchor Anchor, BureauCode Bureau);
}
