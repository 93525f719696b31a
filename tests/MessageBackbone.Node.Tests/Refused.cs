using Google.Rpc;
using Grpc.Core;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests;

/// <summary>Reads a refusal off the wire: status, details and text.</summary>
internal sealed record Refused(string Reason, string Text, IReadOnlyList<string> Fields, IReadOnlyDictionary<string, string> Metadata, TimeSpan? RetryAfter)
{
    /// <summary>The call is refused for exactly this reason, with the status of wire.md §7.</summary>
    public static async Task<Refused> ForAsync(string reason, Func<Task> call)
    {
        var refused = Read(await Assert.ThrowsAsync<RpcException>(call));
        Assert.Equal(reason, refused.Reason);
        return refused;
    }

    public static Refused Read(RpcException failure)
    {
        var details = failure.Trailers.SingleOrDefault(entry => entry.Key == "grpc-status-details-bin");
        Assert.True(details is not null, $"No details beside {failure.Status}");
        var status = Google.Rpc.Status.Parser.ParseFrom(details.ValueBytes);
        var info = status.Details.Single(any => any.Is(ErrorInfo.Descriptor)).Unpack<ErrorInfo>();
        var fields = status.Details.Where(any => any.Is(BadRequest.Descriptor)).SelectMany(any => any.Unpack<BadRequest>().FieldViolations);
        var retry = status.Details.SingleOrDefault(any => any.Is(RetryInfo.Descriptor))?.Unpack<RetryInfo>().RetryDelay.ToTimeSpan();

        Assert.Equal("backbone", info.Domain);
        Assert.Equal(RefusalTable.Rows[info.Reason], failure.StatusCode);
        Assert.Equal((int)failure.StatusCode, status.Code);
        Assert.Equal(failure.Status.Detail, status.Message);
        SaysWhatToDo(status.Message);
        return new Refused(info.Reason, status.Message, [.. fields.Select(violation => violation.Field)], info.Metadata, retry);
    }

    /// <summary>The same inside a stream, where no status travels: the reason is one of the contract's and a text is beside it.</summary>
    public static void Check(Refusal refusal)
    {
        Assert.Contains(refusal.Reason, RefusalTable.Rows.Keys);
        SaysWhatToDo(refusal.Text);
    }

    // Words, not a lone full stop: the reader of the text is a person.
    private static void SaysWhatToDo(string text) => Assert.Matches(@"^\S+ .*\w.*\.$", text);
}
