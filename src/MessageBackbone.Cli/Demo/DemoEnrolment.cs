using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.DirectoryActs;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Demo;

/// <summary>The secretariat's part of a demo: registers the bureaus and enrols everybody's certificates. What is there already is left alone.</summary>
internal sealed class DemoEnrolment(PkiFolder pki, Uri node, TimeProvider clock)
{
    public async Task RunAsync(IReadOnlyList<string> bureaus, CancellationToken stop)
    {
        var secretariat = HolderFolder.All(pki.Root).First(h => h.Holder.Role == HolderRole.Secretariat);
        using var connection = NodeConnection.Open(secretariat.OpenKeys(), node, pki.OpenTrustAnchor(), clock);
        var desk = new Secretariat(connection, clock);
        var listed = await new DirectoryService.DirectoryServiceClient(connection.Channel).ListBureausAsync(new ListBureausRequest(), cancellationToken: stop);
        foreach (var code in bureaus.Except(listed.Bureaus.Select(b => b.Code), StringComparer.Ordinal))
            await desk.RegisterAsync(code, $"National bureau {code}", Classification.Confidential, stop);
        var known = await EnrolCommands.EnrolledAsync(connection, stop);
        foreach (var holder in HolderFolder.All(pki.Root).Where(h => h.Holder.Role != HolderRole.Bureau || bureaus.Contains(h.Name)))
            foreach (var (use, certificate) in pki.CertificatesOf(holder))
                using (certificate)
                    if (!known.Contains(Digests.Sha256Hex(certificate.RawData)))
                        await desk.EnrolAsync(certificate.RawDataMemory, use, stop);
    }
}
