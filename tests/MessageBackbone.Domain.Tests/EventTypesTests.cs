using Google.Protobuf;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests;

public sealed class EventTypesTests
{
    /// <summary>Messages of events.proto that are parts of events or of the ledger, and no events themselves.</summary>
    private static readonly string[] Parts = ["EventMetadata", "LedgerLeaf", "RequestRung"];

    [Fact]
    public void Every_event_of_the_contract_is_registered_once_and_no_name_twice()
    {
        var events = EventsReflection.Descriptor.MessageTypes.Select(type => type.Name).Except(Parts).Order(StringComparer.Ordinal);

        Assert.Equal(events, EventTypes.All.Select(entry => entry.Type.Name).Order(StringComparer.Ordinal));
        Assert.Distinct(EventTypes.All.Select(entry => entry.Name));
    }

    [Fact]
    public void Stored_names_say_area_fact_and_version()
    {
        Assert.All(EventTypes.All, entry => Assert.Matches(@"\A(message|delivery|directory|bureau|security|access|content|carry|request|operations|ledger)\.[a-z-]+\.v[0-9]+\z", entry.Name));
    }

    [Fact]
    public void Stored_names_never_change()
    {
        // What is in a log stays readable for ever: a line here is never edited, only added.
        string[] approved =
        [
            "message.accepted.v1=Accepted", "delivery.attempted.v1=Attempted", "delivery.delivered.v1=Delivered", "delivery.refused.v1=Refused",
            "delivery.opened.v1=Opened", "delivery.quarantined.v1=Quarantined", "directory.bureau-registered.v1=BureauRegistered",
            "directory.certificate-enrolled.v1=CertificateEnrolled", "directory.certificate-revoked.v1=CertificateRevoked",
            "directory.exchange-policy-set.v1=ExchangePolicySet", "directory.topic-allowed.v1=TopicAllowed", "directory.bureau-closed.v1=BureauClosed",
            "bureau.subscribed.v1=Subscribed", "bureau.unsubscribed.v1=Unsubscribed", "bureau.contract-declared.v1=ContractDeclared",
            "security.refused.v1=SubmissionRefused", "access.read.v1=HistoryRead", "delivery.expired.v1=Expired",
            "delivery.released.v1=Released", "delivery.refused-by-operator.v1=RefusedByOperator",
            "message.recall-ordered.v1=RecallOrdered", "delivery.recalled.v1=Recalled",
            "delivery.escalated.v1=Escalated",
            "delivery.redirected.v1=Redirected",
            "delivery.escalation-called.v1=EscalationCalled",
            "content.uploaded.v1=ContentUploaded",
            "carry.exported.v1=CarryExported", "carry.imported.v1=CarryImported",
            "request.started.v1=RequestStarted", "request.paused.v1=RequestPaused", "request.resumed.v1=RequestResumed",
            "request.reminded.v1=RequestReminded", "request.overdue.v1=RequestOverdue", "request.closed.v1=RequestClosed",
            "delivery.asked-back.v1=AskedBack", "request.escalation-called.v1=RequestCalled",
            "delivery.redelivery-ordered.v1=RedeliveryOrdered", "delivery.redelivery-ended.v1=RedeliveryEnded",
            "operations.drain-ordered.v1=DrainOrdered", "operations.drain-ended.v1=DrainEnded",
            "operations.alert-acknowledged.v1=AlertAcknowledged",
            "ledger.checkpoint-signed.v1=CheckpointSigned",
        ];

        Assert.Equal(approved, EventTypes.All.Select(entry => $"{entry.Name}={entry.Type.Name}"));
    }

    [Fact]
    public void An_event_is_read_as_it_was_written()
    {
        var written = new Subscribed { Bureau = "FR", Topic = "alerts" };

        Assert.Equal(written, EventTypes.Parse(EventTypes.NameOf(written), written.ToByteArray()));
        Assert.Equal("bureau.subscribed.v1", EventTypes.NameOf<Subscribed>());
    }

    [Fact]
    public void What_is_no_event_has_no_name_and_an_unknown_name_is_not_skipped()
    {
        Assert.Throws<ArgumentException>(() => EventTypes.NameOf(new Envelope()));
        Assert.Throws<ArgumentException>(() => EventTypes.Parse("message.accepted.v2", default));
        Assert.False(EventTypes.IsKnown("message.accepted.v2"));
    }
}
