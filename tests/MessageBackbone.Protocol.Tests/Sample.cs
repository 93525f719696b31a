using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests;

/// <summary>
/// A house made once for all tests: an authority and holders on demand. Its time is that of the machine, since openssl checks by its own clock.
/// </summary>
internal static class Sample
{
    private static readonly ConcurrentDictionary<string, Lazy<HolderKeys>> _holders = new();

    public static DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    public static CertificateAuthority Authority { get; } = CertificateAuthority.Create("Sample CA", Now);

    public static TrustAnchor Anchor { get; } = Authority.OpenTrustAnchor();

    public static HolderKeys Bureau(string code) => Of(Holder.Bureau(code));

    public static HolderKeys Of(Holder holder) =>
        _holders.GetOrAdd(holder.Uri, _ => new Lazy<HolderKeys>(() => Authority.IssueAll(holder, Now).OpenKeys())).Value;

    public static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";

    public static string KeyPem(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey();
        if (key is not null)
            return key.ExportPkcs8PrivateKeyPem();
        using var agreement = certificate.GetECDiffieHellmanPrivateKey()!;
        return agreement.ExportPkcs8PrivateKeyPem();
    }

    /// <summary>Seal certificates on new keys for made-up bureaus, without the cost of their other certificates.</summary>
    public static List<X509Certificate2> Seals(int count)
    {
        var seals = new List<X509Certificate2>();
        for (var i = 0; i < count; i++)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var issued = Authority.Issue(Holder.Bureau($"X{(char)('A' + (i / 26))}{(char)('A' + (i % 26))}"), CertificateUse.Seal, key, Now);
            seals.Add(X509Certificate2.CreateFromPem(Pem(issued), key.ExportPkcs8PrivateKeyPem()));
        }
        return seals;
    }

    public static MessageHeader Header(BodyForm form, params string[] to)
    {
        var header = new MessageHeader
        {
            Precedence = Precedence.Flash,
            Kind = form == BodyForm.Clear ? "alert.cap" : "text",
            Reference = "FR-2026-000123",
            Handling = new Handling { Classification = Classification.Restricted, Purpose = Purpose.LocateWanted, Codes = { HandlingCode.H1 } },
            BodyForm = form,
            Language = "fr",
        };
        header.To.AddRange(to);
        return header;
    }

    public static Envelope Message(BodyForm form = BodyForm.Sealed, string from = "FR", string text = "Bonjour", params string[] to)
    {
        string[] recipients = to.Length == 0 ? ["DE"] : to;
        var seals = form == BodyForm.Sealed ? recipients.Select(r => Bureau(r).Seal!).ToList() : [];
        var draft = new MessageDraft(Header(form, recipients), new SealedContent { Text = text });
        return MessageComposing.Compose(draft, seals, Bureau(from).Sign!, MessageId.New(Now), BureauCode.Parse(from), Now);
    }

    public static OpeningView View(string self = "DE", string sender = "FR") =>
        new(BureauCode.Parse(self), [Bureau(sender).Sign!], Bureau(self).SealKeys);

    /// <summary>The header's content changed and signed again by its sender.</summary>
    public static Envelope Resigned(Envelope envelope, Action<MessageHeader> change, string signer = "FR")
    {
        Assert.True(ReceiptBuilding.TryRead(envelope.Header.Memory, MessageHeader.Parser, out _, out var header, out var problem), problem);
        change(header);
        return new Envelope { Header = ByteString.CopyFrom(ReceiptBuilding.Sign(header, Bureau(signer).Sign!, Now)), Body = envelope.Body };
    }
}
