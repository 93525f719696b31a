using MessageBackbone.Cli.Invoking;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Carrying;

internal sealed record CarryLevel(string Precedence, ulong Count);

/// <summary>What is in a carry file and what came of it, as the gateway's local API and the node tell it.</summary>
internal sealed record CarryFacts(
    string Bureau, string Direction, ulong Number, string Sha256, ulong Size, IReadOnlyList<CarryLevel> Messages, ulong Receipts, ulong Answers, ulong Trackings,
    bool AlreadyImported, bool Checked, ulong Taken, ulong Repeated, ulong Refused, ulong ReceiptsRefused, ulong Left, IReadOnlyList<string> NotCarried,
    DateTimeOffset? CreatedAt = null, string? File = null, ulong NotCarriedMore = 0)
{
    public static CarryFacts Of(CarrySummary summary) => new(
        summary.Bureau, Choice.Show(summary.Direction), summary.Number, Digests.Hex(summary.Sha256.Span), summary.Size,
        [.. summary.Messages.Select(level => new CarryLevel(Choice.Show(level.Precedence), level.Count))], summary.Receipts, summary.Answers, summary.Trackings,
        summary.AlreadyImported, summary.Checked, summary.Taken, summary.Repeated, summary.Refused, summary.ReceiptsRefused, summary.Left, summary.NotCarried,
        summary.CreatedAt?.ToDateTimeOffset(), NotCarriedMore: summary.NotCarriedMore);

    /// <summary>The name that a file gets in a folder.</summary>
    public string FileName() => $"{(BureauCode.TryParse(Bureau, out var code) ? code.Value : "bureau")}-{(IsToNode ? "to-node" : "to-bureau")}-{Number:D6}.carry";

    public bool IsToNode => Direction == Choice.Show(CarryDirection.ToNode);
}
