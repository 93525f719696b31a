using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Pki;

internal static class IssueCommands
{
    public static DocumentedCommand Issue(Shell shell)
    {
        var name = NameArgument();
        var role = RoleOption();
        var p12 = new Option<bool>("--p12") { Description = "Also write tls.p12 for a browser, with its password in tls.p12.password." };
        var csrOnly = new Option<bool>("--csr-only") { Description = "Write keys and certificate requests, for a CA of your own to sign." };
        var hosts = new Option<string[]>("--host")
        {
            Description = "A node's DNS name or IP address; may be repeated. Default: localhost, 127.0.0.1, ::1.",
            HelpName = "NAME",
        };
        var days = new Option<int?>("--days") { Description = "Validity. Default: 825.", HelpName = "N" };
        var force = PkiCommands.ForceOption();
        return new DocumentedCommand("issue", "Make a holder's keys and have the development CA certify them.",
                "backbone pki issue FR", "backbone pki issue node --host backbone.example --host 192.0.2.7", "backbone pki issue operator-2 --p12",
                "backbone pki issue FR --csr-only")
            .With(name, role, p12, csrOnly, hosts, days, force)
            .Does(shell, (session, _) =>
            {
                var folder = new PkiFolder(session.Settings.Pki, shell.Clock);
                var holder = HolderOf(session.Get(name), session.Get(role));
                var validity = session.Get(days) is { } n
                    ? TimeSpan.FromDays(n is > 0 and <= 3650 ? n : throw CommandFailure.Usage("--days is 1 to 3650.")) : (TimeSpan?)null;
                var there = File.Exists(Path.Combine(folder.FolderOf(holder.Name), "tls.pem"));
                if (session.Get(csrOnly)) Request(folder, holder, session.Get(hosts) ?? [], session.Get(force), session);
                else if (!there || session.Get(force) || !session.Get(p12))
                {
                    folder.Issue(holder, validity, session.Get(hosts) ?? [], session.Get(force));
                    var made = string.Join(", ", folder.UsesOf(holder).Select(u => u.Name));
                    session.Print.Line($"{folder.FolderOf(holder.Name)}: {made} of {holder.Uri}. Next: {NextStep(holder)}");
                }
                if (session.Get(p12)) WriteP12(HolderFolder.Open(folder.Root, holder.Name), session);
                return Task.CompletedTask;
            });
    }

    public static DocumentedCommand Import(Shell shell)
    {
        var name = NameArgument();
        var files = PkiFolder.Uses.Select(u => (u.Name, u.Use, Option: new Option<string?>("--" + u.Name)
        {
            Description = $"The {u.Name} certificate that your CA made.",
            HelpName = "FILE",
        })).ToList();
        var force = PkiCommands.ForceOption();
        return new DocumentedCommand("import",
            "Take certificates that your own CA made for keys of 'pki issue --csr-only'; each is checked before it is put in place.",
                "backbone pki import FR --tls FR-tls.pem --sign FR-sign.pem --seal FR-seal.pem")
            .With((Symbol[])[name, .. files.Select(f => f.Option), force])
            .Does(shell, (session, _) =>
            {
                var folder = new PkiFolder(session.Settings.Pki, shell.Clock);
                var anchor = folder.OpenTrustAnchor();
                var taken = new Dictionary<string, string>(StringComparer.Ordinal);
                foreach (var (use, value, option) in files)
                {
                    if (session.Get(option) is { } path) taken[use + ".pem"] =
                        Checked(anchor, folder.FolderOf(session.Get(name)), session.Get(name), use, value, path, shell);
                }
                if (taken.Count == 0) throw CommandFailure.Usage("No certificate is given.", "Give --tls, --sign or --seal.");
                PrivateFiles.Write(folder.FolderOf(session.Get(name)), taken, session.Get(force));
                var names = string.Join(", ", taken.Keys.Order(StringComparer.Ordinal));
                session.Print.Line($"{folder.FolderOf(session.Get(name))}: {names} taken. Next: backbone pki enrol {session.Get(name)}");
                return Task.CompletedTask;
            });
    }

    /// <summary>The holder that a name stands for: told by --role, else by the name's own form.</summary>
    public static Holder HolderOf(string name, string? role)
    {
        var known = role is not null ? Choice.Read<HolderRole>(role)
            : BureauCode.TryParse(name, out _) ? HolderRole.Bureau
            : Enum.GetValues<HolderRole>().Cast<HolderRole?>().FirstOrDefault(r =>
                name == Choice.Show(r!.Value) || name.StartsWith(Choice.Show(r.Value) + "-", StringComparison.Ordinal));
        if (known is not { } found) throw CommandFailure.Usage($"Which role '{name}' has cannot be told from its name.", "Give --role.");
        return Holder.TryParse(new Holder(found, name).Uri, out var holder)
            ? holder
            : throw CommandFailure.Usage($"'{name}' is no name of a {Choice.Show(found)}.", "Bureaus are like FR-SDLC, all others like operator-1.");
    }

    private static string NextStep(Holder holder) => holder.Role == HolderRole.Bureau
        ? $"backbone directory register {holder.Name}, then backbone pki enrol {holder.Name}"
        : $"backbone pki enrol {holder.Name}";

    private static void Request(PkiFolder folder, Holder holder, string[] hosts, bool force, Session session)
    {
        if (holder.Role == HolderRole.Node && hosts.Length == 0) hosts = ["localhost", "127.0.0.1", "::1"];
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, use) in folder.UsesOf(holder))
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            files[name + ".key"] = key.ExportPkcs8PrivateKeyPem() + "\n";
            files[name + ".csr"] = CertificateRequests.Create(holder, use, key, hosts) + "\n";
        }
        if (force && File.Exists(Path.Combine(folder.FolderOf(holder.Name), "seal.pem"))) PkiFolder.KeepOldSeal(folder.FolderOf(holder.Name));
        PrivateFiles.Write(folder.FolderOf(holder.Name), files, force);
        var requests = string.Join(", ", files.Keys.Where(f => f.EndsWith(".csr", StringComparison.Ordinal)));
        session.Print.Line($"{folder.FolderOf(holder.Name)}: have your CA sign {requests}, then 'backbone pki import {holder.Name}'.");
    }

    private static void WriteP12(HolderFolder holder, Session session)
    {
        using var keys = holder.OpenKeys();
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
        var content = keys.Tls.ExportPkcs12(Pkcs12ExportPbeParameters.Pbes2Aes256Sha256, password);
        PrivateFiles.Write(holder.File("tls.p12"), content, overwrite: true);
        PrivateFiles.Write(holder.File("tls.p12.password"), Encoding.ASCII.GetBytes(password + "\n"), overwrite: true);
        session.Print.Line($"{holder.File("tls.p12")}: for a browser; its password is in {holder.File("tls.p12.password")}");
    }

    private static string Checked(TrustAnchor anchor, string folder, string name, string useName, CertificateUse use, string path, Shell shell)
    {
        using var certificate = X509Certificate2.CreateFromPem(PkiCommands.ReadFile(path));
        var verdict = anchor.Judge(certificate, use, shell.Clock.GetUtcNow());
        if (!verdict.Ok) throw new CommandFailure($"{path} is refused: {verdict.Problem}");
        if (verdict.Holder.Name != name) throw new CommandFailure($"{path} names {verdict.Holder.Uri}, not {name}.");
        var keyPath = Path.Combine(folder, useName + ".key");
        if (!File.Exists(keyPath)) throw new CommandFailure($"{keyPath} does not exist.",
            $"Make keys first: 'backbone pki issue {name} --csr-only'.");
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(keyPath));
        if (!key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo()))
            throw new CommandFailure($"{path} was made for another key than {keyPath}.");
        return certificate.ExportCertificatePem() + "\n";
    }

    private static Argument<string> NameArgument() => new("NAME") { Description = "The holder's name: a bureau code, or like node, operator-1." };

    private static Option<string?> RoleOption()
    {
        var names = Enum.GetValues<HolderRole>().Select(r => Choice.Show(r)).ToArray();
        var option = new Option<string?>("--role")
        {
            Description = "The holder's role, where its name does not tell.",
            HelpName = string.Join('|', names),
        };
        option.AcceptOnlyFromAmong(names);
        return option;
    }
}
