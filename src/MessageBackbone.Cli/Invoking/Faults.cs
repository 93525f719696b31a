using System.ComponentModel.DataAnnotations;
using System.Net.Sockets;
using System.Security.Cryptography;
using Grpc.Core;
using MessageBackbone.Cli.Exchanging;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Routing;

namespace MessageBackbone.Cli.Invoking;

/// <summary>What a person reads when a command fails: one line, and what to do next.</summary>
internal sealed record Told(string Line, int ExitCode);

internal static class Faults
{
    /// <summary>Null for a fault that nobody foresaw: it ends the process with its stack, so that it can be reported.</summary>
    public static Told? Describe(Exception fault) => fault switch
    {
        CommandFailure failure => new Told(failure.Message, failure.ExitCode),
        OperationCanceledException => new Told("stopped.", 1),
        GatewayUnreachableException gateway => new Told(gateway.Message + " Is it running, and is --gateway its address?", 1),
        RpcException call => new Told(Describe(call), 1),
        ValidationException settings => new Told(Plain.Line(settings.Message.ReplaceLineEndings(" ")), 2),
        HttpRequestException { InnerException: SocketException } unreachable =>
            new Told($"{unreachable.Message}. Is it running? Start one with 'backbone demo'.", 1),
        HttpRequestException http => new Told(OneLine(http), 1),
        EventLogUnavailableException or EventLogOpenException or BrokerStartException or IOException or UnauthorizedAccessException or CryptographicException
            or ArgumentException or SocketException =>
            new Told(OneLine(fault), 1),
        AggregateException { InnerExceptions: [var only] } => Describe(only),
        _ => null,
    };

    private static string Describe(RpcException call)
    {
        var refusal = RefusalDetails.Of(call);
        var text = Plain.Line(call.Status.Detail);
        if (refusal is { Reason.Length: > 0 })
            return $"{refusal.Reason}: {text}" + (refusal.Fields.Count > 0 ? $" ({string.Join("; ", refusal.Fields.Select(Plain.Line))})" : "");
        return call.StatusCode switch
        {
            StatusCode.Unavailable => $"the node does not answer ({text}). Is it running, and is --node its address?",
            StatusCode.Cancelled => "stopped.",
            StatusCode.Unimplemented => $"the node does not offer this ({text}).",
            _ => $"the node refused: {call.StatusCode} {text}",
        };
    }

    private static string OneLine(Exception fault)
    {
        // A status tells a programmer more than its text, which is in the message; a user less.
        var inner = fault.InnerException is { } cause and not RpcException && !fault.Message.Contains(cause.Message, StringComparison.Ordinal) ? $" ({cause.Message})"
            : "";
        return Plain.Line(fault.Message.ReplaceLineEndings(" ") + inner.ReplaceLineEndings(" "));
    }
}
