using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.DirectoryActs;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Pki;

/// <summary>The directory's side of certificates: who may use which. The secretariat signs each act.</summary>
internal static class EnrolCommands
{
    public static DocumentedCommand Enrol(Shell shell)
    {
        var names = new Argument<string[]>("NAME")
        {
            Description = "Holders whose certificates lie in the PKI folder.",
            Arity = ArgumentArity.OneOrMore,
        };
        return new DocumentedCommand("enrol",
            "Enrol holders' certificates in the directory, signed by the secretariat. What is enrolled already is left alone.",
                "backbone pki enrol FR", "backbone pki enrol node operator-1 auditor-1")
            .With(names)
            .Does(shell, async (session, stop) =>
            {
                var folder = new PkiFolder(session.Settings.Pki, shell.Clock);
                var holders = session.Get(names).Select(n => HolderFolder.Open(folder.Root, n)).ToList();
                using var connection = Secretariat.Connect(session);
                var desk = new Secretariat(connection, shell.Clock);
                var known = await EnrolledAsync(connection, stop);
                foreach (var holder in holders)
                {
                    foreach (var (use, certificate) in folder.CertificatesOf(holder))
                    {
                        using (certificate)
                        {
                            if (known.Contains(Fingerprint(certificate.RawData)))
                            {
                                session.Print.Line($"{holder.Name} {Choice.Show(use)}: enrolled already");
                                continue;
                            }
                            var reply = await desk.EnrolAsync(certificate.RawDataMemory, use, stop);
                            session.Print.Line($"{holder.Name} {Choice.Show(use)}: enrolled at {reply.Position}");
                        }
                    }
                }
            });
    }

    public static DocumentedCommand Revoke(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = "The holder." };
        var use = Choice.Option<CertificateUse>("--use", "Only this certificate. Default: all of the holder's.");
        var reason = new Option<string>("--reason")
        {
            Description = "A code, like KEY_COMPROMISE.",
            HelpName = "CODE",
            DefaultValueFactory = _ => "WITHDRAWN",
        };
        var since = new Option<string?>("--invalid-since")
        {
            Description = "From when on the key is not to be trusted. Default: now.",
            HelpName = "TIME",
        };
        var crlOnly = new Option<bool>("--crl-only") { Description = "Only put it on the development CA's CRL; send nothing to the node." };
        return new DocumentedCommand("revoke", "Revoke a holder's certificates for good: in the directory, and on the development CA's CRL.",
                "backbone pki revoke FR --use sign --reason KEY_COMPROMISE --invalid-since 2026-11-20T08:00:00Z", "backbone pki revoke operator-2")
            .With(name, use, reason, since, crlOnly)
            .Does(shell, async (session, stop) =>
            {
                var folder = new PkiFolder(session.Settings.Pki, shell.Clock);
                var holder = HolderFolder.Open(folder.Root, session.Get(name));
                var at = session.Get(since) is { } text ? ReadTime(text) : shell.Clock.GetUtcNow();
                var chosen = session.Get(use) is { } one ? Choice.Read<CertificateUse>(one) : null;
                var certificates = folder.CertificatesOf(holder).Where(c => chosen is null || c.Use == chosen).ToList();
                if (certificates.Count == 0) throw new CommandFailure($"{holder.Path} holds no such certificate.");
                if (!session.Get(crlOnly)) await RevokeInDirectoryAsync(session, certificates, holder, at, session.Get(reason)!, stop);
                if (folder.HasDevelopmentCa)
                {
                    folder.Revoke([.. certificates.Select(c => c.Certificate)], at);
                    session.Print.Line($"{folder.CrlPath} names {(certificates.Count == 1 ? "it" : "them")}.");
                }
                foreach (var (_, certificate) in certificates) certificate.Dispose();
            });
    }

    private static async Task RevokeInDirectoryAsync(
        Session session, List<(CertificateUse Use, X509Certificate2 Certificate)> certificates, HolderFolder holder, DateTimeOffset at,
            string reason, CancellationToken stop)
    {
        using var connection = Secretariat.Connect(session);
        var desk = new Secretariat(connection, session.Shell.Clock);
        foreach (var (use, certificate) in certificates)
        {
            var reply = await desk.RevokeAsync(Digests.Sha256(certificate.RawData), at, reason, stop);
            session.Print.Line($"{holder.Name} {Choice.Show(use)}: revoked at {reply.Position}");
        }
    }

    /// <summary>Fingerprints of everything that the directory has enrolled, of bureaus and of all others.</summary>
    public static async Task<HashSet<string>> EnrolledAsync(NodeConnection connection, CancellationToken stop)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        using var watch = new DirectoryService.DirectoryServiceClient(connection.Channel)
            .WatchDirectory(new WatchDirectoryRequest(), cancellationToken: stop);
        await foreach (var update in watch.ResponseStream.ReadAllAsync(stop))
        {
            var certificates = update.EntryCase switch
            {
                DirectoryUpdate.EntryOneofCase.Bureau => update.Bureau.Certificates,
                DirectoryUpdate.EntryOneofCase.Holder => update.Holder.Certificates,
                _ => [],
            };
            known.UnionWith(certificates.Select(c => Fingerprint(c.Certificate.Span)));
            if (update.CaughtUp) break;
        }
        return known;
    }

    public static DateTimeOffset ReadTime(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw CommandFailure.Usage($"'{Terminal.Plain.Line(text)}' is no time.", "Write it like 2026-11-20T08:00:00Z.");

    private static string Fingerprint(ReadOnlySpan<byte> certificate) => Digests.Sha256Hex(certificate);
}
