using MessageBackbone.V1;

namespace MessageBackbone.Domain.Requests;

/// <summary>The kinds of messages that move a request's clock.</summary>
public static class RequestKinds
{
    public const string Request = "request", Answer = "answer", Clarification = "clarification", ClarificationAnswer = "clarification.answer";

    /// <summary>Its recipients in <c>to</c> owe an answer in a time; those in <c>info</c> owe nothing.</summary>
    public static bool HasClock(MessageHeader header) => header.Kind == Request && header.DeadlineClass.Length > 0;
}
