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
    private string _read;
    private volatile Ring _ring;

    public KeyRing(GatewayOptions options)
    {
        _options = options;
        (_ring, _read) = Read();
    }

    public HolderKeys Keys => _ring.Keys;

    public TrustAnchor Anchor => _ring.Anchor;

    public BureauCode Bureau => _ring.Bureau;

    /// <summary>Reads the files again. True when something in them changed. What cannot be used throws <see cref="ArgumentException"/>; the old keys stay.</summary>
    public bool Reload()
    {
        lock (_gate)
        {
            var (ring, read) = Read();
            if (read == _read)
            {
                ring.Keys.Dispose();
                return false;
            }
            _former.Add(_ring.Keys); // calls under way still sign with them
            (_ring, _read) = (ring, read);
            return true;
        }
    }

    /// <summary>Reads the files again; when they cannot be used, that is logged and the old keys stay.</summary>
    public void TryReload(ILogger log)
    {
        try
        {
            Reload();
        }
        catch (Exception fault) when (fault is ArgumentException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            GatewayLog.KeysNotRead(log, fault.Message);
        }
    }

    public void Dispose()
    {
        _ring.Keys.Dispose();
        foreach (var keys in _former) keys.Dispose();
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
