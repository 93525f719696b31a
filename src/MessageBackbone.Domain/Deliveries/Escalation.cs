using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Clocks;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>A step of the ladder may be due: takes it, unless the clock stopped before.</summary>
/// <param name="Message">The message's acceptance.</param>
/// <param name="StartedAt">When this delivery began: with the acceptance, or with the redirection to this bureau.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record Escalate(
    Accepted Message, string Recipient, DateTimeOffset StartedAt, ServiceLevel Level, EscalationStep Step, EscalationParties Parties, DateTimeOffset At,
    string Node) : DeliveryCommand;

/// <summary>Whom the steps are about, by configuration and directory. Empty: there is none.</summary>
/// <param name="DutyDesk">Who is told first.</param>
/// <param name="Sealed">An alternate of the header that takes part now.</param>
/// <param name="Standing">Who stands in for the recipient where the sender sealed for nobody.</param>
/// <param name="SenderClosed">The sender hears nothing any more, and can seal for nobody.</param>
public sealed record EscalationParties(string DutyDesk, string Sealed, string Standing, bool SenderClosed = false);

/// <summary>The call for a step was answered, or was given up.</summary>
public sealed record EndCall(EscalationCalled Facts) : DeliveryCommand;

/// <summary>What is done about a delivery that is late. Each step once, in order, by the delivery's own stream.</summary>
public static class Escalation
{
    public const string NotDelivered = "NOT_DELIVERED", NotOpened = "NOT_OPENED", Redirected = "REDIRECTED",
        ResealRequested = "RESEAL_REQUESTED", NoAlternate = "NO_ALTERNATE";

    internal static Decision Decide(DeliveryProgress state, Escalate command)
    {
        var header = command.Message.Content;
        if (!command.Message.Recipients.Contains(command.Recipient))
            return Decision.No(Reasons.UnknownMessage, "This bureau is no recipient of the message.", "recipient");
        if (!ServiceClocks.RunsFor(header.Kind) || ServiceClocks.Stopped(state, header) || state.Escalations.Contains(command.Step)) return Decision.Nothing;
        var (clock, ladder) = (new RunningClock(command.StartedAt), command.Level.Ladder);
        return ladder.Due(clock, state.Escalations, command.At) is { } rung && rung.Step == command.Step
            ? Take(state, command, rung.Step, clock.StartedAt + rung.After)
            : Decision.No(Reasons.FieldInvalid, "This step is not due yet.", "step");
    }

    internal static Decision Decide(DeliveryProgress state, EndCall command) =>
        state.Calls.Contains(command.Facts.EventId) ? Decision.Nothing : Decision.Of(command.Facts);

    private static Decision Take(DeliveryProgress state, Escalate command, EscalationStep step, DateTimeOffset dueAt)
    {
        var (parties, sender) = (command.Parties, command.Parties.SenderClosed ? "" : command.Message.Content.From);
        var late = state.Stage == DeliveryStage.Delivered ? NotOpened : NotDelivered;
        var escalated = step switch
        {
            EscalationStep.DutyDesk => Step(command, step, dueAt, parties.DutyDesk, late),
            EscalationStep.Sender => Step(command, step, dueAt, sender, late),
            EscalationStep.Alternate when IsSealed(command) => Step(command, step, dueAt, parties.Sealed, Redirected, parties.Sealed),
            // Whoever has the message by now is no way out.
            EscalationStep.Alternate when parties.Standing.Length > 0 && sender.Length > 0 && !Holds(command.Message, parties.Standing) =>
                Step(command, step, dueAt, sender, ResealRequested, parties.Standing),
            EscalationStep.Alternate => Step(command, step, dueAt, "", NoAlternate),
            _ => Step(command, step, dueAt, "", late),
        };
        return escalated.Reason == Redirected ? Decision.Of(escalated, Redirect(command, late)) : Decision.Of(escalated);
    }

    // Whatever the caller says: a copy goes only to an alternate whom the sender named instead of this recipient, and sealed for.
    private static bool IsSealed(Escalate command) =>
        command.Message.Content.Alternates.Any(a => a.InsteadOf == command.Recipient && a.Bureau == command.Parties.Sealed);

    private static bool Holds(Accepted message, string bureau) =>
        bureau == message.Content.From || message.Recipients.Contains(bureau) || message.Content.Alternates.Any(a => a.Bureau == bureau);

    private static Escalated Step(Escalate command, EscalationStep step, DateTimeOffset dueAt, string to, string reason, string alternate = "") => new()
    {
        MessageId = command.Message.Content.MessageId,
        Recipient = command.Recipient,
        Step = step,
        To = to,
        Reason = reason,
        DueAt = dueAt.ToTimestamp(),
        At = command.At.ToTimestamp(),
        Node = command.Node,
        Alternate = alternate,
        Level = command.Level.Within.ToDuration(),
    };

    private static Redirected Redirect(Escalate command, string reason) => new()
    {
        MessageId = command.Message.Content.MessageId,
        Recipient = command.Recipient,
        To = command.Parties.Sealed,
        Reason = reason,
        At = command.At.ToTimestamp(),
        Node = command.Node,
        Precedence = command.Message.Content.Precedence,
        SenderClosed = command.Parties.SenderClosed,
    };
}
