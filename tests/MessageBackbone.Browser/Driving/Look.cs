namespace MessageBackbone.Browser.Driving;

/// <summary>How a page is looked at.</summary>
internal sealed record Look(int Width = 1366, int Height = 900, string Theme = "light", string Language = "en", string Zone = "Europe/Paris")
{
    public static readonly Look Usual = new();
}
