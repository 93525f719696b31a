using FsCheck;
using FsCheck.Fluent;

namespace MessageBackbone.EventLog.Tests.Contract;

/// <summary>The append contract in its plainest form: every append ever made, looked through from the beginning.</summary>
internal sealed class AppendModel
{
    public const int StreamCount = 3, IdCount = 8;

    private readonly List<(Attempt Attempt, int First)> _appends = [];

    /// <summary>Expected: null for any, -1 for no stream.</summary>
    public sealed record Attempt(int Stream, int? Expected, int[] Ids);

    /// <summary>An outcome without its position, which no model can know.</summary>
    public sealed record Said(bool Appended, long? Revision)
    {
        public static Said From(AppendOutcome outcome) => outcome switch
        {
            AppendOutcome.Appended a => new(true, (long)a.Revision.Value),
            AppendOutcome.Conflict c => new(false, (long?)c.Actual?.Value),
            _ => throw new ArgumentException($"{outcome} is no outcome.", nameof(outcome)),
        };
    }

    public static Gen<Attempt[]> Attempts { get; } =
        (from stream in Gen.Choose(0, StreamCount - 1)
         from expected in Gen.Choose(-2, 5)
         from ids in Gen.Shuffle(Enumerable.Range(0, IdCount))
         from count in Gen.Frequency((5, Gen.Constant(1)), (3, Gen.Constant(2)), (1, Gen.Constant(3)))
         from again in Gen.Choose(0, 3)
         select (Attempt: new Attempt(stream, expected == -2 ? null : expected, ids[..count]), Again: again == 0))
        .ListOf().Select(list => list.SelectMany(a => a.Again ? [a.Attempt, a.Attempt] : new[] { a.Attempt }).ToArray());

    public List<int>[] Streams { get; } = [.. Enumerable.Range(0, StreamCount).Select(_ => new List<int>())];

    public Said Append(Attempt attempt)
    {
        var stream = Streams[attempt.Stream];
        var repeated = _appends.FirstOrDefault(a => a.Attempt.Stream == attempt.Stream && a.Attempt.Ids.SequenceEqual(attempt.Ids)
            && (attempt.Expected is not { } e || e + 1 == a.First));
        if (repeated.Attempt is not null) return new(true, repeated.First + attempt.Ids.Length - 1);

        var overlaps = Streams.Any(s => s.Intersect(attempt.Ids).Any());
        var end = stream.Count - 1;
        if (overlaps || (attempt.Expected is { } expected && expected != end)) return new(false, end < 0 ? null : end);

        _appends.Add((attempt, stream.Count));
        stream.AddRange(attempt.Ids);
        return new(true, stream.Count - 1);
    }
}
