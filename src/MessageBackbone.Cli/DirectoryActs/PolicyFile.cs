using System.Text.Json;
using System.Text.Json.Serialization;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.DirectoryActs;

/// <summary>The exchange policy as a file. A key that nobody knows is an error: a misspelt "kinds" would make a rule wider than it was
/// meant.</summary>
internal sealed record PolicyFile
{
    public IReadOnlyList<PolicyRule> Rules { get; init; } = [];

    [JsonRequired] public IReadOnlyList<string> ClearKinds { get; init; } = [];

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    public static PolicyFile Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<PolicyFile>(text, Format) ?? throw new CommandFailure("The policy is empty.");
        }
        catch (JsonException wrong)
        {
            throw new CommandFailure($"The policy cannot be read: {wrong.Message.ReplaceLineEndings(" ")}",
                "See 'backbone directory policy --help'.");
        }
    }

    public IEnumerable<ExchangeRule> ToRules() => Rules.Select(r => new ExchangeRule
    {
        From = r.From,
        To = r.To,
        Kinds = { r.Kinds },
        Effect = Choice.Read<ExchangeEffect>(r.Effect)
            ?? throw new CommandFailure($"'{Terminal.Plain.Line(r.Effect)}' is no effect.", "It is allow or deny."),
    });
}

internal sealed record PolicyRule
{
    [JsonRequired] public string From { get; init; } = "";

    [JsonRequired] public string To { get; init; } = "";

    public IReadOnlyList<string> Kinds { get; init; } = [];

    [JsonRequired] public string Effect { get; init; } = "";
}
