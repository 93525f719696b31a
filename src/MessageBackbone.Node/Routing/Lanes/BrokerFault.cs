using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>Why the broker cannot be used. The text is the broker's or the system's, never the address: that one holds a password.</summary>
internal sealed record BrokerFault(TransportCondition Condition, string Reason)
{
    public static BrokerFault Of(Exception fault)
    {
        var causes = Causes(fault).ToList();
        if (causes.Find(IsRefusal) is { } refusal) return new(TransportCondition.Refused, $"refused: {Text(refusal)}");
        var reason = fault is BrokerUnreachableException && causes[^1] != fault ? $"{fault.Message}: {causes[^1].Message}" : fault.Message;
        return new(TransportCondition.Away, reason);
    }

    private static bool IsRefusal(Exception fault) => fault switch
    {
        PossibleAuthenticationFailureException => true,
        OperationInterruptedException { ShutdownReason.ReplyCode: Constants.AccessRefused or Constants.NotAllowed } => true,
        _ => false,
    };

    private static string Text(Exception fault) => fault is OperationInterruptedException { ShutdownReason: { } why } ? why.ReplyText : fault.Message;

    private static IEnumerable<Exception> Causes(Exception fault)
    {
        for (var cause = fault; cause is not null; cause = cause.InnerException) yield return cause;
    }
}
