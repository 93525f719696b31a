using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using System.Security.Cryptography.X509Certificates;

namespace MessageBackbone.Protocol.Messages;

/// <summary>Orders to recall a message, and the statements that answer them (wire.md §5): ordinary messages whose clear content holds what is
/// signed.</summary>
/// <remarks>What is inside is signed by the very certificate that signed the header: so whoever judged the header's signer has judged this one.</remarks>
public static class Recalls
{
    public const string OrderKind = "order.recall";

    public const string StatementKind = "statement.recall";

    public static bool IsRecallKind(string kind) => kind is OrderKind or StatementKind;

    /// <param name="message">The header of the recalled message: the order takes its conversation, reference and purpose.</param>
    /// <param name="to">Who is asked.</param>
    /// <exception cref="ArgumentException">The fields break the rules of the contract.</exception>
    public static Envelope Compose(
        RecallOrder order, MessageHeader message, IEnumerable<string> to, Precedence precedence, X509Certificate2 sign, MessageId id, DateTimeOffset at)
    {
        Require(RecallFields.Check(order));
        var header = Header(message, OrderKind, message.MessageId, precedence);
        header.To.AddRange(to);
        return Compose(header, order, sign, id, BureauCode.Parse(message.From), at);
    }

    /// <param name="order">The header of the message that brought the order.</param>
    /// <exception cref="ArgumentException">The fields break the rules of the contract.</exception>
    public static Envelope Compose(RecallStatement statement, MessageHeader order, X509Certificate2 sign, MessageId id, DateTimeOffset at)
    {
        Require(RecallFields.Check(statement));
        var header = Header(order, StatementKind, order.MessageId, order.Precedence);
        header.To.Add(order.From);
        return Compose(header, statement, sign, id, BureauCode.Parse(statement.Recipient), at);
    }

    /// <summary>The same content once more, for a message that is signed again.</summary>
    public static SealedContent SignAgain(SealedContent content, X509Certificate2 sign, DateTimeOffset at)
    {
        if (!SignedObject.TryRead(content.Data.Memory, out var before, out var problem)) throw new ArgumentException(problem, nameof(content));
        var again = content.Clone();
        again.Data = ByteString.CopyFrom(SignedObject.Create(before.Content.Span, sign, at));
        return again;
    }

    /// <summary>Reads and verifies an order. That its message is good is for <see cref="MessageOpening"/> or the node to say.</summary>
    /// <param name="signedHeader">The header's signed object.</param>
    public static bool TryReadOrder(
        SignedObject signedHeader, MessageHeader header, SealedContent content, [NotNullWhen(true)] out RecallOrder? order, out string problem)
    {
        if (!TryRead(signedHeader, content, RecallOrder.Parser, out order, out problem)) return false;
        if (RecallFields.Check(order) is [var first, ..])
            problem = $"{first.Path}: {first.Text}";
        else if (header.Kind != OrderKind || order.MessageId != header.InReplyTo)
            problem = "The order is about another message than the one that it answers.";
        if (problem.Length > 0) order = null;
        return problem.Length == 0;
    }

    /// <summary>Reads and verifies a statement, likewise.</summary>
    /// <param name="signedHeader">The header's signed object.</param>
    public static bool TryReadStatement(
        SignedObject signedHeader, MessageHeader header, SealedContent content, [NotNullWhen(true)] out RecallStatement? statement, out string problem)
    {
        if (!TryRead(signedHeader, content, RecallStatement.Parser, out statement, out problem)) return false;
        if (RecallFields.Check(statement) is [var first, ..])
            problem = $"{first.Path}: {first.Text}";
        else if (header.Kind != StatementKind || statement.Recipient != header.From)
            problem = "The statement is another's than its message.";
        if (problem.Length > 0) statement = null;
        return problem.Length == 0;
    }

    private static MessageHeader Header(MessageHeader answered, string kind, string inReplyTo, Precedence precedence) => new()
    {
        Precedence = precedence,
        Kind = kind,
        ConversationId = answered.ConversationId,
        InReplyTo = inReplyTo,
        Reference = answered.Reference,
        // It says no more than the header that it answers does.
        Handling = new Handling { Classification = Classification.OfficialUseOnly, Purpose = answered.Handling.Purpose },
        BodyForm = BodyForm.Clear,
        Exercise = answered.Exercise,
    };

    private static Envelope Compose(MessageHeader header, IMessage signed, X509Certificate2 sign, MessageId id, BureauCode from, DateTimeOffset at)
    {
        var content = new SealedContent { Data = ByteString.CopyFrom(ReceiptBuilding.Sign(signed, sign, at)), MediaType = NonDelivery.MediaType };
        return MessageComposing.Compose(new MessageDraft(header, content), [], sign, id, from, at);
    }

    private static bool TryRead<T>(
        SignedObject signedHeader, SealedContent content, MessageParser<T> parser, [NotNullWhen(true)] out T? message, out string problem)
        where T : class, IMessage<T>
    {
        if (!ReceiptBuilding.TryRead(content.Data.Memory, parser, out var signed, out message, out problem)) return false;
        if (!signed.CertificateDer.Span.SequenceEqual(signedHeader.CertificateDer.Span))
            problem = "It is signed by another certificate than its message.";
        else if (!signed.VerifySignature())
            problem = "The signature does not verify.";
        if (problem.Length > 0) message = null;
        return message is not null;
    }

    private static void Require(IReadOnlyList<FieldProblem> problems)
    {
        if (problems.Count > 0) throw new ArgumentException($"{problems[0].Path}: {problems[0].Text}");
    }
}
