using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>The officer's commands: they talk to the bureau's own gateway, never to the node.</summary>
internal static class ExchangeCommands
{
    public static IReadOnlyList<Command> Create(Shell shell) =>
        [new SendCommand().Create(shell), InboxCommands.Create(shell), TrackCommand.Create(shell), TopicCommands.Subscribe(shell), TopicCommands.Unsubscribe(shell)];

    public static Argument<string> IdArgument() => new("ID") { Description = "The message's id, as 'send' and 'inbox' print it." };

    /// <summary>The id in its one form; it goes into an address.</summary>
    public static string ReadId(string text, string what) => MessageId.TryParse(text, out var id)
        ? id.Value
        : throw CommandFailure.Usage($"'{Plain.Line(text)}' is no message id ({what}).", "Ids are like 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55.");

    /// <summary>The next command to try, with the holder that this one was told to act as.</summary>
    public static string Next(Session session, string command) =>
        $"Next: backbone {command}" + (session.Parsed.GetValue(CommonOptions.As) is { Length: > 0 } told ? $" --as {told}" : "");
}
