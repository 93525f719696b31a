using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MessageBackbone.Cli.Invoking;

namespace MessageBackbone.Cli.Running;

/// <summary>What `node` and `gateway` have in common on the command line.</summary>
internal static partial class ServiceOptions
{
    public static readonly Option<string?> Config =
        new("--config") { Description = "Settings as JSON; variables MESSAGEBACKBONE_SECTION__NAME win over it.", HelpName = "FILE" };

    public static readonly Option<bool> PrintConfig = new("--print-config") { Description = "Print the settings in force, as such a file, and end." };

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Keeps the password of an address out of sight: what is printed is pasted into tickets.</summary>
    public static void Print<T>(Session session, string section, T options)
    {
        var printed = JsonSerializer.SerializeToNode(options, Format)!.AsObject();
        // Computed from other settings: a file that named them would be refused, or not heard.
        if (printed["Routing"] is JsonObject routing) foreach (var derived in (string[])["PlanFile", "RabbitMq"]) routing.Remove(derived);
        foreach (var address in (string[])["RabbitMq", "EventStore"])
            if (printed[address]?.GetValue<string>() is { Length: > 0 } shown) printed[address] = Password().Replace(shown, "${user}:***@");
        session.Print.Line(new JsonObject { [section] = printed }.ToJsonString(Format));
    }

    // As far as the last '@': what is hidden may hold one.
    [GeneratedRegex("(?<user>^[^:]+://[^:@/]*):.*@", RegexOptions.NonBacktracking)]
    private static partial Regex Password();
}
