using System.Formats.Asn1;

namespace MessageBackbone.Protocol.Identities;

/// <summary>
/// What the framework's DER reader leaves open: trailing bytes, the century of a time, encoded defaults, contents nobody looked into.
/// </summary>
internal static class StrictDer
{
    private const int DeepestNesting = 16;

    public static void Require(bool holds, string what = "not as the profile says")
    {
        if (!holds)
            throw new AsnContentException(what);
    }

    /// <summary>UTCTime from 1950 to 2049, GeneralizedTime otherwise, with seconds and Z, without fractions.</summary>
    public static DateTimeOffset ReadTime(AsnReader reader)
    {
        if (reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime))
            return reader.ReadUtcTime();
        var time = reader.ReadGeneralizedTime();
        Require(time.Ticks % TimeSpan.TicksPerSecond == 0, "a time with a fraction of a second");
        Require(time.Year is < 1950 or >= 2050, "a time within 1950 to 2049 is a UTCTime");
        return time;
    }

    public static bool TryOctets(ReadOnlyMemory<byte> encoded, out ReadOnlyMemory<byte> octets)
    {
        octets = default;
        try
        {
            var reader = new AsnReader(encoded, AsnEncodingRules.DER);
            return reader.TryReadPrimitiveOctetString(out octets) && !reader.HasData;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    public static ReadOnlyMemory<byte> ReadOctets(AsnReader reader, Asn1Tag? tag = null)
    {
        Require(reader.TryReadPrimitiveOctetString(out var octets, tag), "octets in pieces");
        return octets;
    }

    /// <summary>Reads <c>SEQUENCE OF Extension</c> from its explicit tag's contents; each extension at most once.</summary>
    public static List<CertificateExtension> ReadExtensions(AsnReader wrapped)
    {
        var list = wrapped.ReadSequence();
        wrapped.ThrowIfNotEmpty();
        var extensions = new List<CertificateExtension>();
        while (list.HasData)
        {
            var entry = list.ReadSequence();
            var oid = entry.ReadObjectIdentifier();
            var critical = entry.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean);
            Require(!critical || entry.ReadBoolean(), "a default value is encoded");
            extensions.Add(new CertificateExtension(oid, critical, ReadOctets(entry)));
            entry.ThrowIfNotEmpty();
            Require(extensions.Count <= 32 && extensions.Count(e => e.Oid == oid) == 1, "an extension twice, or too many");
        }
        return extensions;
    }

    /// <summary>Throws unless all that is left is DER down to the last primitive value; for values that are carried along unread.</summary>
    public static void RequireAll(AsnReader reader, int depth = 0)
    {
        Require(depth <= DeepestNesting, "nested too deep");
        while (reader.HasData)
        {
            var tag = reader.PeekTag();
            if (tag.TagClass != TagClass.Universal)
                RequireTagged(reader, tag, depth);
            else if (tag.HasSameClassAndValue(Asn1Tag.Sequence))
                RequireAll(reader.ReadSequence(), depth + 1);
            else if (tag.HasSameClassAndValue(Asn1Tag.SetOf))
                RequireAll(reader.ReadSetOf(), depth + 1);
            else
                RequirePrimitive(reader, tag);
        }
    }

    private static void RequireTagged(AsnReader reader, Asn1Tag tag, int depth)
    {
        if (tag.IsConstructed)
            RequireAll(reader.ReadSequence(tag), depth + 1);
        else
            reader.ReadEncodedValue();
    }

    private static void RequirePrimitive(AsnReader reader, Asn1Tag tag)
    {
        Require(!tag.IsConstructed, "a primitive value in pieces");
        switch ((UniversalTagNumber)tag.TagValue)
        {
            case UniversalTagNumber.Boolean:
                reader.ReadBoolean();
                break;
            case UniversalTagNumber.Integer:
                reader.ReadIntegerBytes();
                break;
            case UniversalTagNumber.ObjectIdentifier:
                reader.ReadObjectIdentifier();
                break;
            case UniversalTagNumber.Null:
                reader.ReadNull();
                break;
            case UniversalTagNumber.BitString:
                reader.ReadBitString(out _);
                break;
            default:
                reader.ReadEncodedValue();
                break;
        }
    }
}
