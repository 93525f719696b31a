namespace MessageBackbone.Protocol.Identities;

/// <summary>What a holder of certificates may be; the middle part of its name.</summary>
public enum HolderRole
{
    Bureau,
    Node,
    Log,
    Auditor,
    Operator,
    Secretariat,
}

/// <summary>
/// Whom a certificate names: <c>urn:backbone:&lt;role&gt;:&lt;name&gt;</c>. A bureau's name is its code, all others match
/// <c>[a-z0-9][a-z0-9-]{0,31}</c>.
/// </summary>
public readonly record struct Holder(HolderRole Role, string Name)
{
    private const string Prefix = "urn:backbone:";

    private static readonly string[] _roles = ["bureau", "node", "log", "auditor", "operator", "secretariat"];

    public string RoleName => _roles[(int)Role];

    public string Uri => $"{Prefix}{RoleName}:{Name}";

    /// <summary>Has own sign certificates: receipts, headers, orders or checkpoints carry its signature.</summary>
    public bool Signs => Role is HolderRole.Bureau or HolderRole.Node or HolderRole.Log or HolderRole.Secretariat;

    public static Holder Bureau(string code) => new(HolderRole.Bureau, BureauCode.Parse(code).Value);

    public static bool TryParseRole(string? text, out HolderRole role)
    {
        var index = text is null ? -1 : Array.IndexOf(_roles, text);
        role = index < 0 ? default : (HolderRole)index;
        return index >= 0;
    }

    public static bool TryParse(string? uri, out Holder holder)
    {
        holder = default;
        if (uri is null || uri.Length > 128 || !uri.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        var parts = uri[Prefix.Length..].Split(':');
        if (parts.Length != 2 || !TryParseRole(parts[0], out var role))
            return false;
        if (!(role == HolderRole.Bureau ? Patterns.IsBureauCode(parts[1]) : Patterns.IsHolderName(parts[1])))
            return false;
        holder = new Holder(role, parts[1]);
        return true;
    }

    public override string ToString() => Uri;
}
