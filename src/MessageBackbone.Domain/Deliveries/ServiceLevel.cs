using MessageBackbone.Domain.Clocks;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>How soon a message of one precedence is to be where it belongs, and what is done, and when, if it is not.</summary>
/// <param name="Within">From the start of the delivery; after it the delivery is late.</param>
/// <param name="Ladder">The steps; none is due before <paramref name="Within"/> has passed.</param>
public sealed record ServiceLevel(TimeSpan Within, Ladder<EscalationStep> Ladder)
{
    // A bureau that is asked has as long again, in halves, before the next one is.
    private static readonly (EscalationStep Step, double Levels)[] ByDefault =
        [(EscalationStep.DutyDesk, 1), (EscalationStep.Alternate, 1.5), (EscalationStep.Sender, 2), (EscalationStep.Operator, 2.5)];

    /// <summary>The duty desk when the level has passed; alternate, sender and operator after half a level more each.</summary>
    public static ServiceLevel Of(TimeSpan within) =>
        new(within, new Ladder<EscalationStep>(ByDefault.Select(rung => new Rung<EscalationStep>(rung.Step, within * rung.Levels))));

    /// <summary>FLASH 10 min, IMMEDIATE 30 min, PRIORITY 3 h, ROUTINE 6 h.</summary>
    public static TimeSpan DefaultWithin(Precedence precedence) => precedence switch
    {
        Precedence.Flash => TimeSpan.FromMinutes(10),
        Precedence.Immediate => TimeSpan.FromMinutes(30),
        Precedence.Priority => TimeSpan.FromHours(3),
        _ => TimeSpan.FromHours(6),
    };
}

/// <summary>For which deliveries a service clock runs, and what stops it.</summary>
public static class ServiceClocks
{
    private const string HouseReports = "report.";

    /// <summary>What the house itself reports has none: a notice about a late notice would be late in turn, for ever.</summary>
    public static bool RunsFor(string kind) => !kind.StartsWith(HouseReports, StringComparison.Ordinal);

    /// <summary>FLASH and IMMEDIATE are there when an officer opened them; orders and statements about messages are for gateways, which open nothing.</summary>
    public static bool StopsAtOpened(Precedence precedence, string kind) =>
        precedence is Precedence.Flash or Precedence.Immediate && kind is not ("order.recall" or "statement.recall");

    /// <summary>Nobody waits for this delivery any more.</summary>
    public static bool Stopped(DeliveryProgress state, MessageHeader header) => state.IsAskedBack || state.Stage switch
    {
        DeliveryStage.Waiting or DeliveryStage.Quarantined => false,
        DeliveryStage.Delivered => !StopsAtOpened(header.Precedence, header.Kind),
        _ => true,
    };
}
