using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Carrying;

public abstract record CarryCommand
{
    private protected CarryCommand() { }
}

/// <summary>A file to the bureau is written and durable, and nobody has it yet.</summary>
/// <param name="Sha256">Of the whole file.</param>
/// <param name="Operator">SAN URI.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record ExportFile(CarryManifest Manifest, ByteString Sha256, ulong Deliveries, string Operator, DateTimeOffset At, string Node) : CarryCommand;

/// <summary>A file of the bureau: verified before, and everything in it was judged.</summary>
/// <param name="Sha256">Of the whole file.</param>
/// <param name="AcceptGap">The operator takes it although it is not the next.</param>
/// <param name="Operator">SAN URI.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record ImportFile(
    CarryManifest Manifest, ByteString Sha256, bool AcceptGap, ulong Envelopes, ulong Receipts, string Operator, DateTimeOffset At, string Node) : CarryCommand;

/// <summary>The files that one bureau wrote and was given. Stream <c>carry-{bureau}</c>.</summary>
public sealed record CarryBook
{
    public static readonly CarryBook Empty = new();

    /// <summary>The last file to the bureau; 0: none.</summary>
    public (ulong Number, ByteString Sha256) Out { get; private init; } = (0, ByteString.Empty);

    /// <summary>The file of the bureau with the highest number; 0: none. One that comes late does not take its place.</summary>
    public (ulong Number, ByteString Sha256) In { get; private init; } = (0, ByteString.Empty);

    /// <summary>Up to which file to it the bureau has said that it took them.</summary>
    public ulong TakenByBureau { get; private init; }

    // Of the row that In is the end of: a number below it that is missing here was passed over.
    private ImmutableDictionary<ulong, ByteString> Imported { get; init; } = ImmutableDictionary<ulong, ByteString>.Empty;

    // Number of a file out → of the last file in before it; of the row that In is the end of.
    private ImmutableDictionary<ulong, ulong> Answered { get; init; } = ImmutableDictionary<ulong, ulong>.Empty;

    // Number of a file in that came late → of the last file out before it: no file up to that one has its answers.
    private ImmutableDictionary<ulong, ulong> Late { get; init; } = ImmutableDictionary<ulong, ulong>.Empty;

    /// <summary>Whether the answers to this file of the bureau are with it.</summary>
    public bool HasAnswers(ulong number) =>
        number <= Answered.GetValueOrDefault(TakenByBureau) && (!Late.TryGetValue(number, out var before) || before < TakenByBureau);

    public CarryPlace Judge(CarryManifest manifest, ByteString sha256, out string problem) =>
        CarryChain.Judge(manifest, sha256.Span, In, number => Imported.GetValueOrDefault(number), out problem);

    public static Decision Decide(CarryBook state, CarryCommand command) => command switch
    {
        ExportFile export => Decide(state, export),
        ImportFile import => Decide(state, import),
        _ => throw new UnreachableException($"A carry book has no case for {command.GetType().Name}."),
    };

    public static CarryBook Evolve(CarryBook state, IMessage @event) => @event switch
    {
        CarryExported e => state with { Out = (e.Number, e.Sha256), Answered = state.Answered.SetItem(e.Number, e.Received) },
        CarryImported e => Import(state, e),
        _ => throw new UnreachableException($"A carry book has no case for {@event.Descriptor.FullName}."),
    };

    private static CarryBook Import(CarryBook state, CarryImported e)
    {
        var taken = Math.Min(e.Received, state.Out.Number);
        if (e.Number < state.In.Number && !state.Imported.ContainsKey(e.Number))
        {
            return state with
            {
                Imported = state.Imported.Add(e.Number, e.Sha256),
                Late = state.Late.SetItem(e.Number, state.Out.Number),
                TakenByBureau = Math.Max(taken, state.TakenByBureau),
            };
        }
        // Another file under a number that was taken: the bureau lost what it knew, and its row begins anew.
        var row = state.Imported.ContainsKey(e.Number) ? BeginAnew(state) : state;
        return row with { In = (e.Number, e.Sha256), Imported = row.Imported.Add(e.Number, e.Sha256), TakenByBureau = taken };
    }

    // What the files out answered were other files under these numbers.
    private static CarryBook BeginAnew(CarryBook state) => state with
    {
        Imported = ImmutableDictionary<ulong, ByteString>.Empty,
        Answered = ImmutableDictionary<ulong, ulong>.Empty,
        Late = ImmutableDictionary<ulong, ulong>.Empty,
    };

    private static Decision Decide(CarryBook state, ExportFile export)
    {
        var manifest = export.Manifest;
        if (manifest.Number != state.Out.Number + 1 || !manifest.PreviousSha256.Equals(state.Out.Sha256) || manifest.Received != state.In.Number)
            return Decision.No(Reasons.FieldInvalid, "Another file of this bureau was written or taken meanwhile. Write it again.", "bureau");
        return Decision.Of(new CarryExported
        {
            Bureau = manifest.Bureau,
            Number = manifest.Number,
            Sha256 = export.Sha256,
            Received = manifest.Received,
            Deliveries = export.Deliveries,
            Operator = export.Operator,
            At = export.At.ToTimestamp(),
            Node = export.Node,
        });
    }

    private static Decision Decide(CarryBook state, ImportFile import)
    {
        var manifest = import.Manifest;
        var place = state.Judge(manifest, import.Sha256, out var problem);
        if (place == CarryPlace.Taken) return Decision.Nothing;
        if (place == CarryPlace.Gap && !import.AcceptGap) return Decision.No(Reasons.FieldInvalid, problem, "number");
        return Decision.Of(new CarryImported
        {
            Bureau = manifest.Bureau,
            Number = manifest.Number,
            Sha256 = import.Sha256,
            Received = manifest.Received,
            Envelopes = import.Envelopes,
            Receipts = import.Receipts,
            Operator = import.Operator,
            At = import.At.ToTimestamp(),
            Node = import.Node,
            Gap = place is CarryPlace.Gap or CarryPlace.Late,
        });
    }
}
