using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MessageBackbone.Cli.Addresses;

/// <summary>The URIs of a subject alternative name; the framework shows DNS names and addresses only.</summary>
internal static class SubjectNames
{
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    public static IEnumerable<string> Uris(X509Extension extension)
    {
        var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            if (names.PeekTag().HasSameClassAndValue(Uri)) yield return Encoding.ASCII.GetString(names.ReadOctetString(Uri));
            else names.ReadEncodedValue();
        }
    }
}
