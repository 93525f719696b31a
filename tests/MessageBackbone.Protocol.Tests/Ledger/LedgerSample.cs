using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Ledger;

/// <summary>Who signs checkpoints in tests.</summary>
internal static class LedgerSample
{
    public static X509Certificate2 Log { get; } = Sample.Of(new Holder(HolderRole.Log, "log")).Sign!;

    public static X509Certificate2 OtherLog { get; } = Sample.Of(new Holder(HolderRole.Log, "log-2")).Sign!;

    public static X509Certificate2 Bureau { get; } = Sample.Bureau("DE").Sign!;

    public static X509Certificate2 P384 { get; } = OnP384();

    private static X509Certificate2 OnP384()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var issued = Sample.Authority.Issue(Holder.Bureau("DE"), CertificateUse.Sign, key, Sample.Now);
        return X509Certificate2.CreateFromPem(Sample.Pem(issued), key.ExportPkcs8PrivateKeyPem());
    }
}
