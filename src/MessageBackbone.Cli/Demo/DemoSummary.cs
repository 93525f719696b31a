using System.Text.Json.Serialization;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Demo;

/// <summary>What a demo came to (wire.md §9); names of the file are these in snake case.</summary>
/// <param name="Receipts">Deliveries whose signed receipt is in the log and verifies against the CA and the header as sent.</param>
/// <param name="Lost">Deliveries without such a receipt, or missing in the recipient's inbox.</param>
/// <param name="ShownTwice">Messages that stand more than once in an inbox.</param>
/// <param name="AcceptMs">From handing a message to its gateway to the verified acceptance.</param>
/// <param name="EndToEndMs">From handing a message to its gateway to durable in the recipient's inbox.</param>
/// <param name="PerSecond">Accepted messages by the time from the first send to the last recorded receipt.</param>
/// <param name="Checkpoint">What the log signed, which is over the events as they were read; null: it does not verify.</param>
internal sealed record DemoSummary(
    int Accepted, int Refused, int Deliveries, int Receipts, int Lost, int ShownTwice, Percentiles AcceptMs, Percentiles EndToEndMs, double PerSecond,
    long Events, DemoCheckpoint? Checkpoint, string Transport, string EventLog, int Seed, IReadOnlyList<string> LeftOut)
{
    [JsonIgnore] public bool Good => Refused == 0 && Lost == 0 && ShownTwice == 0 && Receipts == Deliveries && Checkpoint is not null;
}

/// <param name="Size">Leaves.</param>
/// <param name="Root">In lower-case hexadecimal.</param>
internal sealed record DemoCheckpoint(ulong Size, string Root);
