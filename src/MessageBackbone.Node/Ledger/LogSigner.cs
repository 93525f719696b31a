using System.ComponentModel.DataAnnotations;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Node.Ledger;

/// <summary>The log as a signer: its name and its key. Read at the node's start.</summary>
internal sealed class LogSigner : IDisposable
{
    private readonly HolderKeys _keys;

    private LogSigner(string origin, HolderKeys keys) => (Origin, _keys, Key) = (origin, keys, new LogKey(origin, keys.Sign!));

    public string Origin { get; }

    /// <summary>Verifies what it signed.</summary>
    public LogKey Key { get; }

    /// <summary>Null: nobody signs here.</summary>
    /// <exception cref="ValidationException">A file is missing or is not what it must be.</exception>
    public static LogSigner? Load(LedgerOptions options)
    {
        if (options.HolderFolder.Length == 0) return null;
        var keys = Read(options.HolderFolder);
        if (keys.Holder.Role == HolderRole.Log) return new LogSigner(options.Origin, keys);
        keys.Dispose();
        throw new ValidationException($"Ledger:HolderFolder must hold the certificates of a holder of role log; these are of {keys.Holder.Uri}.");
    }

    public SignedCheckpoint Sign(ulong size, in TreeHash root) => SignedCheckpoint.Sign(Checkpoint.Create(Origin, size, root), _keys.Sign!);

    public void Dispose() => _keys.Dispose();

    private static HolderKeys Read(string folder)
    {
        try
        {
            return HolderKeys.FromPem(name => Path.Combine(folder, name) is var file && File.Exists(file) ? File.ReadAllText(file) : null);
        }
        catch (Exception fault) when (fault is ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new ValidationException($"Ledger:HolderFolder: {fault.Message}", fault);
        }
    }
}
