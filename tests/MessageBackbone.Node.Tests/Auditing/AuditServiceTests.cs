using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Auditing;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Tests.Projecting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using AuditService = MessageBackbone.Node.Auditing.AuditService;
using History = MessageBackbone.Node.Auditing.History;

namespace MessageBackbone.Node.Tests.Auditing;

public sealed class AuditServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reading_is_recorded_before_its_first_event_is_sent()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var audit = await AuditAsync(log);
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        var sent = new SentStream<V1.RecordedEvent>();

        await audit.ReadEvents(Reading(), sent, Auditor());

        var events = sent.Drain();
        Assert.Equal(["message.accepted.v1", "access.read.v1"], events.Select(e => e.Type));
        var read = HistoryRead.Parser.ParseFrom(events[1].Data);
        Assert.Equal(("urn:backbone:auditor:auditor-1", "ReadEvents", "court-order"), (read.Reader, read.Method, read.Purpose));
        Assert.Equal(("case 7/26", "events after 0"), (read.Justification, read.Subject));
    }

    [Fact]
    public async Task A_reading_that_cannot_be_recorded_sends_nothing()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var audit = await AuditAsync(log);
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        await log.Log.DisposeAsync();
        var sent = new SentStream<V1.RecordedEvent>();

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => audit.ReadEvents(Reading(), sent, Auditor()));

        Assert.Empty(sent.Drain());
    }

    [Fact]
    public async Task Leaves_hash_what_is_stored_and_the_ledger_s_own_events_have_none()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var audit = await AuditAsync(log);
        await log.AppendRawAsync(StreamId.Ledger, "ledger.checkpoint.v1", [1]);
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        var sent = new SentStream<V1.RecordedEvent>();

        await audit.ReadEvents(Reading(), sent, Auditor());

        var events = sent.Drain();
        Assert.True(events[0].Leaf.IsEmpty);
        Assert.Equal(0ul, events[1].LeafIndex);
        var leaf = LedgerLeaf.Parser.ParseFrom(events[1].Leaf);
        Assert.Equal((events[1].Stream, events[1].Type, events[1].Data), (leaf.Stream, leaf.Type, leaf.Data));
        Assert.Equal(1ul, events[2].LeafIndex);
    }

    [Fact]
    public async Task Following_sends_what_comes_later_and_ends_when_the_certificate_is_revoked()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var audit = await AuditAsync(log);
        using var revoked = new CancellationTokenSource();
        var sent = new SentStream<V1.RecordedEvent>();
        var request = Reading();
        request.Follow = true;
        request.Filter = new EventFilter { Types_ = { "message.accepted.v1" } };

        var reading = audit.ReadEvents(request, sent, new AuditedCall(HolderRole.Auditor, "auditor-1", Cancel, revoked.Token));
        var position = await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        Assert.Equal(position.Value, (await sent.NextAsync(Cancel)).Position);
        await revoked.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task Filters_leave_only_what_fits_all_of_them()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var audit = await AuditAsync(log);
        var id = ProjectedLog.NewId();
        for (var i = 0; i < 40; i++) await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        await log.AcceptAsync(id, "FR", Precedence.Routine, "DE", "ES");
        await log.DeliverAsync(id, "DE");
        await log.DeliverAsync(id, "ES");

        async Task<int> Count(EventFilter filter)
        {
            var (sent, request) = (new SentStream<V1.RecordedEvent>(), Reading());
            request.Filter = filter;
            await audit.ReadEvents(request, sent, Auditor());
            return sent.Drain().Count;
        }

        Assert.Equal(2, await Count(new EventFilter { Types_ = { "delivery.delivered.v1" } }));
        Assert.Equal(41, await Count(new EventFilter { StreamPrefix = "message-" }));
        Assert.Equal(1, await Count(new EventFilter { StreamPrefix = $"delivery-{id}-ES", Types_ = { "delivery.delivered.v1" } }));
        Assert.Equal(0, await Count(new EventFilter { RecordedBefore = ProjectedLog.Start.ToTimestamp(), Types_ = { "message.accepted.v1" } }));
    }

    [Fact]
    public async Task More_events_than_a_page_come_in_order_and_once()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var audit = await AuditAsync(log);
        for (var i = 0; i < (2 * Events.PageSize) + 3; i++) await log.AppendRawAsync(StreamId.Security, "security.refused.v1", []);
        var (sent, request) = (new SentStream<V1.RecordedEvent>(), Reading());
        request.After = 1;

        await audit.ReadEvents(request, sent, Auditor());

        var leaves = sent.Drain().Select(e => e.LeafIndex).ToList();
        Assert.Equal(Enumerable.Range(1, (2 * Events.PageSize) + 3).Select(i => (ulong)i), leaves);
    }

    [Fact]
    public async Task The_history_of_a_message_holds_its_events_and_no_other_s()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var audit = await AuditAsync(log);
        var (id, other) = (ProjectedLog.NewId(), ProjectedLog.NewId());
        await log.AcceptAsync(id, "FR", Precedence.Routine, "DE");
        await log.AcceptAsync(other, "FR", Precedence.Routine, "DE");
        await log.DeliverAsync(id, "DE");

        var history = await audit.GetHistory(Asking(id), Auditor());

        Assert.Equal(["message.accepted.v1", "delivery.attempted.v1", "delivery.delivered.v1"], history.Events.Select(e => e.Type));
        var refusal = await Assert.ThrowsAsync<RefusalException>(() => audit.GetHistory(Asking(ProjectedLog.NewId()), Auditor()));
        Assert.Equal(Reasons.UnknownMessage, refusal.Reason);
    }

    [Theory]
    [InlineData("", "because", "purpose")]
    [InlineData("Court Order", "because", "purpose")]
    [InlineData("court-order", "", "justification")]
    [InlineData("court-order", "two\nlines", "justification")]
    public async Task A_reading_without_a_reason_is_refused_and_not_recorded(string purpose, string justification, string field)
    {
        await using var log = await ProjectedLog.OpenAsync();
        var audit = await AuditAsync(log);
        var request = new ReadEventsRequest { Purpose = purpose, Justification = justification };

        var refusal = await Assert.ThrowsAsync<RefusalException>(() => audit.ReadEvents(request, new SentStream<V1.RecordedEvent>(), Auditor()));

        Assert.Equal((Reasons.FieldInvalid, field), (refusal.Reason, refusal.Fields.Single()));
        Assert.Equal(LogPosition.Start, await log.Log.EndAsync(Cancel));
    }

    private static ReadEventsRequest Reading() => new() { Purpose = "court-order", Justification = "case 7/26" };

    private static HistoryRequest Asking(string id) => new() { MessageId = id, Purpose = "court-order", Justification = "case 7/26" };

    private static AuditedCall Auditor() => new(HolderRole.Auditor, "auditor-1", Cancel);

    private static async Task<AuditService> AuditAsync(ProjectedLog log)
    {
        var index = new Events(await log.FollowAsync(EventIndex.Projection));
        return new(new History(log.Log, index), new AccessRecord(new EventRecorder(log.Log, TimeProvider.System), TimeProvider.System));
    }
}
