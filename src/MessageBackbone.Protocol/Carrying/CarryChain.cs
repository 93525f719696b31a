using Google.Protobuf;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Carrying;

/// <summary>Where a carry file stands in the row of those that were taken before it.</summary>
public enum CarryPlace
{
    Next,

    /// <summary>This very file was taken before.</summary>
    Taken,

    /// <summary>A file before it was not taken, or another one under its number was.</summary>
    Gap,

    /// <summary>It was passed over when a later one was taken by order. Taken now, it does not move the row.</summary>
    Late,
}

/// <summary>The row of files of one bureau in one direction: each names the one before, so that a missing one is seen.</summary>
public static class CarryChain
{
    /// <param name="fileSha256">Of the whole file.</param>
    /// <param name="last">The file with the highest number that was taken; 0 and empty: none.</param>
    /// <param name="taken">SHA-256 of the file of this row that was taken under a number; null: none was.</param>
    /// <param name="problem">For people, with <see cref="CarryPlace.Gap"/>: which file is awaited.</param>
    public static CarryPlace Judge(
        CarryManifest manifest, ReadOnlySpan<byte> fileSha256, (ulong Number, ByteString Sha256) last, Func<ulong, ByteString?> taken, out string problem)
    {
        problem = "";
        var before = taken(manifest.Number);
        if (before is not null && before.Span.SequenceEqual(fileSha256)) return CarryPlace.Taken;
        if (before is null && manifest.Number < last.Number) return CarryPlace.Late;
        var awaited = last.Number + 1;
        if (manifest.Number == awaited && manifest.PreviousSha256.Equals(last.Sha256)) return CarryPlace.Next;
        var told = $"This is file {manifest.Number} of {Way(manifest)}; file {awaited} is awaited.";
        if (manifest.Number > awaited)
            problem = $"{told} Bring that one first: whoever wrote it can write it again, with --again {awaited}.";
        else if (manifest.Number < awaited)
            problem = $"{told} Another file {manifest.Number} was taken before: the side that wrote this one may have lost what it knew.";
        else
            problem = $"This is file {manifest.Number} of {Way(manifest)}, and it follows on another file {last.Number} than the one that was taken.";
        return CarryPlace.Gap;
    }

    private static string Way(CarryManifest manifest) =>
        manifest.Direction == CarryDirection.ToNode ? $"bureau {manifest.Bureau} to the node" : $"the node to bureau {manifest.Bureau}";
}
