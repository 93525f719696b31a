using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Contents;

/// <summary>One content that travels beside messages: who brought its bytes. Stream <c>content-{sha256}</c>.</summary>
public sealed record UploadedContent
{
    public static readonly UploadedContent Unknown = new();

    public ImmutableSortedSet<string> BroughtBy { get; private init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Bytes; 0 while nobody brought it.</summary>
    public ulong Size { get; private init; }

    /// <summary>The bytes are on disk and have this hash: that was seen before.</summary>
    public static Decision Decide(UploadedContent state, RecordUpload command) => state.BroughtBy.Contains(command.By)
        ? Decision.Nothing
        : Decision.Of(new ContentUploaded { Sha256 = command.Sha256.ToByteString(), Size = command.Size, By = command.By, At = command.At.ToTimestamp() });

    /// <summary>Why a header from this bureau may not name this content; null: it may.</summary>
    /// <param name="path">Of the reference in the header.</param>
    public static Rejection? MayName(UploadedContent state, string from, ulong size, string path)
    {
        if (!state.BroughtBy.Contains(from))
        {
            return new Rejection(Reasons.FieldInvalid, $"Upload `{path}` as a whole first, as this bureau; then send the same bytes again.", [path]);
        }

        return state.Size == size ? null : new Rejection(Reasons.FieldInvalid, $"Name in `{path}` the size of what was uploaded.", [$"{path}.size"]);
    }

    public static UploadedContent Evolve(UploadedContent state, IMessage @event) => @event switch
    {
        ContentUploaded e => state with { BroughtBy = state.BroughtBy.Add(e.By), Size = e.Size },
        _ => throw new UnreachableException($"A content has no case for {@event.Descriptor.FullName}."),
    };
}

/// <summary>Record that a bureau brought all of a content.</summary>
public sealed record RecordUpload(Fingerprint Sha256, ulong Size, string By, DateTimeOffset At);
