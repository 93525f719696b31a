using MessageBackbone.Node.Dashboard.SignIn;

namespace MessageBackbone.Node.Dashboard.Parts;

/// <summary>Where each role begins.</summary>
internal static class StartPage
{
    public static string Of(string role) => role switch
    {
        Visitor.Operator => "",
        Visitor.Auditor => "messages",
        _ => "directory",
    };
}
