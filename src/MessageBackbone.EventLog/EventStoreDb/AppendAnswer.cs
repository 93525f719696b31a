using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>What the server said to one append. A closed set.</summary>
internal abstract record AppendAnswer
{
    // google.rpc.Code, as far as the server uses it. It says 5 for a stream that was deleted, and 0 for "not ready".
    private const int InvalidArgument = 3, DeadlineExceeded = 4, NotFound = 5, AlreadyExists = 6, PermissionDenied = 7, FailedPrecondition = 9, NotReady = 0;

    private AppendAnswer()
    {
    }

    /// <summary>It is written, now or before.</summary>
    /// <param name="Position">The last event's; null when the server does not say, as it may for what was written before.</param>
    public sealed record Written(ulong Revision, ulong? Position) : AppendAnswer;

    /// <summary>The stream is not at the revision sent.</summary>
    public sealed record Elsewhere(ulong? Revision) : AppendAnswer;

    /// <summary>It was not written.</summary>
    public sealed record Refused(string Why) : AppendAnswer;

    /// <summary>It may have been written, or may yet be.</summary>
    public sealed record Unknown(string Why) : AppendAnswer;

    public static AppendAnswer Read(BatchAppendResp answer) => answer.ResultCase switch
    {
        BatchAppendResp.ResultOneofCase.Success when answer.Success.CurrentRevisionOptionCase == BatchAppendResp.Types.Success.CurrentRevisionOptionOneofCase.CurrentRevision =>
            new Written(answer.Success.CurrentRevision, answer.Success.Position?.CommitPosition is { } at and <= long.MaxValue ? at : null),
        BatchAppendResp.ResultOneofCase.Error => ReadError(answer.Error),
        _ => new Unknown("the server's answer cannot be understood"),
    };

    private static AppendAnswer ReadError(BatchAppendResp.Types.Fault fault) => fault.Code switch
    {
        AlreadyExists when fault.Details?.TryUnpack<WrongExpectedVersion>(out var wrong) == true => new Elsewhere(RevisionOf(wrong)),
        InvalidArgument or NotFound or PermissionDenied or FailedPrecondition or NotReady => new Refused(Words(fault)),
        DeadlineExceeded => new Unknown("the server was late"),
        _ => new Unknown(Words(fault)),
    };

    // 2^64 - 1 is how the protocol writes "no stream" where it has only a number.
    private static ulong? RevisionOf(WrongExpectedVersion wrong) =>
        wrong.CurrentStreamRevisionOptionCase == WrongExpectedVersion.CurrentStreamRevisionOptionOneofCase.CurrentStreamRevision
        && wrong.CurrentStreamRevision <= long.MaxValue
            ? wrong.CurrentStreamRevision
            : null;

    private static string Words(BatchAppendResp.Types.Fault fault) => fault.Details?.TryUnpack<MaximumAppendSizeExceeded>(out var size) == true
        ? $"the server takes appends of at most {size.MaxAppendSize} bytes"
        : fault.Message.Length > 0 ? fault.Message : $"error {fault.Code}";
}
