using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Operations;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Operations;

public sealed class NodeOperationsTests
{
    private const string Operator = "urn:backbone:operator:operator-1";

    private static NodeOperations Given(params OperationsCommand[] commands) => commands.Aggregate(
        NodeOperations.None, (state, command) => NodeOperations.Decide(state, command).Facts().Aggregate(state, NodeOperations.Evolve));

    private static OrderDrain Drain(string node = "node-1", int seconds = 60, string reason = "PLANNED_STOP") =>
        new(Operator, reason, TimeSpan.FromSeconds(seconds), Sample.Noon, node);

    private static EndDrain End(string node = "node-1") => new(Operator, "", Sample.Noon, node);

    private static Acknowledge Acknowledge(string alert = "late/DE.flash", int hours = 8) =>
        new(alert, Operator, Sample.Noon, Sample.Noon.AddHours(hours), "node-1");

    [Fact]
    public void A_drain_and_its_end_say_who_when_and_why_and_are_of_one_node()
    {
        var ordered = NodeOperations.Decide(NodeOperations.None, Drain()).Only<DrainOrdered>();
        var ended = NodeOperations.Decide(Given(Drain()), End()).Only<DrainEnded>();

        Assert.Equal((Operator, "PLANNED_STOP", Sample.Noon.ToTimestamp(), "node-1", 60L),
            (ordered.Operator, ordered.Reason, ordered.At, ordered.Node, ordered.RetryAfter.Seconds));
        Assert.Equal((Operator, Sample.Noon.ToTimestamp(), "node-1"), (ended.Operator, ended.At, ended.Node));
        Assert.Equal(["node-2"], Given(Drain(), Drain("node-2"), End()).Drains.Keys);
    }

    [Fact]
    public void Told_twice_it_happens_once_and_another_time_to_tell_is_another_order()
    {
        NodeOperations.Decide(Given(Drain()), Drain(reason: "")).AddsNothing();
        Assert.Equal(90L, NodeOperations.Decide(Given(Drain()), Drain(seconds: 90)).Only<DrainOrdered>().RetryAfter.Seconds);
        NodeOperations.Decide(NodeOperations.None, End()).AddsNothing();
        NodeOperations.Decide(Given(Drain("node-2")), End()).AddsNothing();
    }

    [Fact]
    public void A_reason_that_is_no_code_and_a_time_that_nobody_waits_are_refused()
    {
        NodeOperations.Decide(NodeOperations.None, Drain(reason: "a name")).IsRefused(Reasons.FieldInvalid, "reason");
        NodeOperations.Decide(NodeOperations.None, Drain(seconds: 0)).IsRefused(Reasons.FieldInvalid, "retry_after");
        NodeOperations.Decide(NodeOperations.None, Drain(seconds: 3_601)).IsRefused(Reasons.FieldInvalid, "retry_after");
        NodeOperations.Decide(Given(Drain()), End() with { Reason = "a name" }).IsRefused(Reasons.FieldInvalid, "reason");
    }

    [Fact]
    public void An_alert_is_acknowledged_by_its_name_and_again_from_another_time_on()
    {
        var acknowledged = NodeOperations.Decide(NodeOperations.None, Acknowledge()).Only<AlertAcknowledged>();

        Assert.Equal(("late/DE.flash", Operator, "node-1", Sample.Noon.AddHours(8)),
            (acknowledged.Alert, acknowledged.Operator, acknowledged.Node, acknowledged.Until.ToDateTimeOffset()));
        NodeOperations.Decide(Given(Acknowledge()), Acknowledge()).AddsNothing();
        NodeOperations.Decide(Given(Acknowledge()), Acknowledge(hours: 9)).Only<AlertAcknowledged>();
        foreach (var name in (string[])["", "late DE", "late\n", "naïve", new string('a', 201)])
            NodeOperations.Decide(NodeOperations.None, Acknowledge(name)).IsRefused(Reasons.FieldInvalid, "alert");
        NodeOperations.Decide(NodeOperations.None, Acknowledge($"A0z./:_-{new string('a', 192)}")).Only<AlertAcknowledged>();
    }

    [Fact]
    public void Replayed_and_repeated_it_stays_as_it_was() => Deciding.KeepsBothProperties<NodeOperations, OperationsCommand>(
        NodeOperations.None, [Drain(), Acknowledge(), Drain("node-2"), End(), Acknowledge(hours: 9), End(), Drain(seconds: 5), Acknowledge("other")],
        NodeOperations.Decide, NodeOperations.Evolve,
        state => $"{string.Join(',', state.Drains.Values.OrderBy(d => d.Node))} {string.Join(',', state.Acknowledged.Values.OrderBy(a => a.Alert))}");
}
