using System.Collections.Frozen;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using MessageBackbone.V1;

namespace MessageBackbone.Domain;

/// <summary>
/// Stored names of events, versioned by hand: the log says these, whatever a type is called here. An entry is never changed; a new shape is a new name.
/// </summary>
public static class EventTypes
{
    private static readonly (string Name, MessageDescriptor Type)[] Registered =
    [
        ("message.accepted.v1", Accepted.Descriptor),
        ("delivery.attempted.v1", Attempted.Descriptor),
        ("delivery.delivered.v1", Delivered.Descriptor),
        ("delivery.refused.v1", Refused.Descriptor),
        ("delivery.opened.v1", Opened.Descriptor),
        ("delivery.quarantined.v1", Quarantined.Descriptor),
        ("directory.bureau-registered.v1", BureauRegistered.Descriptor),
        ("directory.certificate-enrolled.v1", CertificateEnrolled.Descriptor),
        ("directory.certificate-revoked.v1", CertificateRevoked.Descriptor),
        ("directory.exchange-policy-set.v1", ExchangePolicySet.Descriptor),
        ("directory.topic-allowed.v1", TopicAllowed.Descriptor),
        ("directory.bureau-closed.v1", BureauClosed.Descriptor),
        ("bureau.subscribed.v1", Subscribed.Descriptor),
        ("bureau.unsubscribed.v1", Unsubscribed.Descriptor),
        ("bureau.contract-declared.v1", ContractDeclared.Descriptor),
        ("security.refused.v1", SubmissionRefused.Descriptor),
        ("access.read.v1", HistoryRead.Descriptor),
        ("delivery.expired.v1", Expired.Descriptor),
        ("delivery.released.v1", Released.Descriptor),
        ("delivery.refused-by-operator.v1", RefusedByOperator.Descriptor),
        ("message.recall-ordered.v1", RecallOrdered.Descriptor),
        ("delivery.recalled.v1", Recalled.Descriptor),
        ("delivery.escalated.v1", Escalated.Descriptor),
        ("delivery.redirected.v1", Redirected.Descriptor),
        ("delivery.escalation-called.v1", EscalationCalled.Descriptor),
        ("content.uploaded.v1", ContentUploaded.Descriptor),
        ("carry.exported.v1", CarryExported.Descriptor),
        ("carry.imported.v1", CarryImported.Descriptor),
        ("request.started.v1", RequestStarted.Descriptor),
        ("request.paused.v1", RequestPaused.Descriptor),
        ("request.resumed.v1", RequestResumed.Descriptor),
        ("request.reminded.v1", RequestReminded.Descriptor),
        ("request.overdue.v1", RequestOverdue.Descriptor),
        ("request.closed.v1", RequestClosed.Descriptor),
        ("delivery.asked-back.v1", AskedBack.Descriptor),
        ("request.escalation-called.v1", RequestCalled.Descriptor),
        ("delivery.redelivery-ordered.v1", RedeliveryOrdered.Descriptor),
        ("delivery.redelivery-ended.v1", RedeliveryEnded.Descriptor),
        ("operations.drain-ordered.v1", DrainOrdered.Descriptor),
        ("operations.drain-ended.v1", DrainEnded.Descriptor),
        ("operations.alert-acknowledged.v1", AlertAcknowledged.Descriptor),
        ("ledger.checkpoint-signed.v1", CheckpointSigned.Descriptor),
    ];

    private static readonly FrozenDictionary<string, MessageDescriptor> ByName =
        Registered.ToFrozenDictionary(entry => entry.Name, entry => entry.Type, StringComparer.Ordinal);

    private static readonly FrozenDictionary<MessageDescriptor, string> ByType =
        Registered.ToFrozenDictionary(entry => entry.Type, entry => entry.Name);

    /// <summary>Every stored name with its type, in the order of the registry.</summary>
    public static IReadOnlyList<(string Name, MessageDescriptor Type)> All => Registered;

    /// <exception cref="ArgumentException">The type is no event.</exception>
    public static string NameOf(IMessage @event) => ByType.TryGetValue(@event.Descriptor, out var name)
        ? name
        : throw new ArgumentException($"{@event.Descriptor.FullName} is not registered as an event.", nameof(@event));

    /// <summary>The stored name of <typeparamref name="TEvent"/>.</summary>
    public static string NameOf<TEvent>()
        where TEvent : IMessage, new() => NameOf(new TEvent());

    public static bool IsKnown(string name) => ByName.ContainsKey(name);

    /// <summary>The event as it was stored; fields added by a newer writer are kept.</summary>
    /// <exception cref="ArgumentException">The name is not registered: the log was written by a newer version, which must be run instead.</exception>
    public static IMessage Parse(string name, ReadOnlyMemory<byte> data) => ByName.TryGetValue(name, out var type)
        ? type.Parser.ParseFrom(data.Span)
        : throw new ArgumentException($"The log holds an event of the unknown type \"{name}\": it was written by a newer version of the node.", nameof(name));
}
