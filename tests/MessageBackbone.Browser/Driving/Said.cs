using MessageBackbone.Node.Dashboard.Words;

namespace MessageBackbone.Browser.Driving;

/// <summary>The pages' own English words, so that a better word breaks no test.</summary>
internal static class Said
{
    public static string As(string key, params object[] arguments) => Language.Of("en").Say(key, arguments);
}
