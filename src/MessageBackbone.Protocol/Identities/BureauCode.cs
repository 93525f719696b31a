namespace MessageBackbone.Protocol.Identities;

/// <summary>
/// A bureau's code, like "FR" or "FR-SDLC": pattern <c>[A-Z]{2,8}(-[A-Z0-9]{1,12})?</c>. Codes match exactly: FR does not stand for FR-SDLC.
/// </summary>
public readonly record struct BureauCode : IComparable<BureauCode>
{
    private readonly string? _value;

    private BureauCode(string value) => _value = value;

    public string Value => _value ?? "";

    public static bool operator <(BureauCode left, BureauCode right) => left.CompareTo(right) < 0;

    public static bool operator >(BureauCode left, BureauCode right) => left.CompareTo(right) > 0;

    public static bool operator <=(BureauCode left, BureauCode right) => left.CompareTo(right) <= 0;

    public static bool operator >=(BureauCode left, BureauCode right) => left.CompareTo(right) >= 0;

    public static bool TryParse(string? text, out BureauCode code)
    {
        code = Patterns.IsBureauCode(text) ? new BureauCode(text) : default;
        return code._value is not null;
    }

    /// <exception cref="FormatException">The text is no bureau code.</exception>
    public static BureauCode Parse(string text) =>
        TryParse(text, out var code) ? code : throw new FormatException("A bureau code is like FR or FR-SDLC: [A-Z]{2,8}(-[A-Z0-9]{1,12})?.");

    public int CompareTo(BureauCode other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
