using MessageBackbone.Domain.Requests;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>A deadline class is one that is configured, and stands on a request to somebody who must act.</summary>
internal sealed class RequestCheck(RequestOptions options)
{
    public void Require(MessageHeader header)
    {
        if (header.DeadlineClass.Length == 0) return;
        if (header.Kind != RequestKinds.Request)
            throw Invalid("Only a message of kind request has a deadline class: send it as one, or without the class.", "deadline_class", "kind");
        if (header.To.Count == 0)
            throw Invalid("A request with a deadline class names in `to` who owes the answer.", "deadline_class", "to");
        if (!options.Knows(header.DeadlineClass))
            throw Invalid($"This deadline class is not configured here. Known are: {string.Join(", ", options.Known)}.", "deadline_class");
    }

    private static RefusalException Invalid(string text, params IReadOnlyList<string> fields) => new(Reasons.FieldInvalid, text, fields);
}
