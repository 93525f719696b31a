using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Addresses;

/// <summary>One holder's folder in the PKI folder; whose it is, its certificate says, not the folder's name.</summary>
internal sealed record HolderFolder(string Path, Holder Holder)
{
    public string Name => System.IO.Path.GetFileName(Path);

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A file's text, or null where there is none: what HolderKeys reads by.</summary>
    public string? Read(string name) => System.IO.File.Exists(File(name)) ? System.IO.File.ReadAllText(File(name)) : null;

    public HolderKeys OpenKeys() => HolderKeys.FromPem(Read);

    public static IEnumerable<HolderFolder> All(string pki)
    {
        if (!Directory.Exists(pki)) yield break;
        foreach (var folder in Directory.EnumerateDirectories(pki).Order(StringComparer.Ordinal))
        {
            if (TryRead(folder) is { } holder) yield return holder;
        }
    }

    public static HolderFolder Open(string pki, string name, HolderRole role)
    {
        var holder = Open(pki, name);
        return holder.Holder.Role == role
            ? holder
            : throw new CommandFailure($"{name} is a {Choice.Show(holder.Holder.Role)}; this command acts as a {Choice.Show(role)}.",
                "Choose another one with --as.");
    }

    public static HolderFolder Open(string pki, string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().IndexOfAny('/', '\\') >= 0)
            throw CommandFailure.Usage($"'{name}' is no holder's name.", "Names are like FR, node or operator-1.");
        var folder = System.IO.Path.Combine(pki, name);
        if (!Directory.Exists(folder))
            throw new CommandFailure($"{folder} does not exist.",
                $"Make it with 'backbone pki issue {name}', or name another PKI folder with --pki.");
        return TryRead(folder) ?? throw new CommandFailure($"{folder} holds no certificate with a holder's name.", $"Expected {folder}/tls.pem.");
    }

    private static HolderFolder? TryRead(string folder)
    {
        var path = System.IO.Path.Combine(folder, "tls.pem");
        if (!System.IO.File.Exists(path)) return null;
        using var certificate = X509Certificate2.CreateFromPem(System.IO.File.ReadAllText(path));
        return HolderOf(certificate) is { } holder ? new HolderFolder(folder, holder) : null;
    }

    public static Holder? HolderOf(X509Certificate2 certificate)
    {
        foreach (var name in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            foreach (var uri in SubjectNames.Uris(name))
            {
                if (Holder.TryParse(uri, out var holder)) return holder;
            }
        }
        return null;
    }
}
