using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>The officer's commands: they talk to the bureau's own gateway, never to the node.</summary>
internal static class ExchangeCommands
{
    public static IReadOnlyList<Command> Create(Shell shell) =>
        [new SendCommand().Create(shell), InboxCommands.Create(shell), TrackCommand.Create(shell), RecallCommand.Create(shell), ResendCommand.Create(shell),
            TopicCommands.Subscribe(shell), TopicCommands.Unsubscribe(shell)];

    public static Argument<string> IdArgument() => new("ID") { Description = "The message's id, as 'send' and 'inbox' print it." };

    /// <summary>The id in its one form; it goes into an address.</summary>
    public static string ReadId(string text, string what) => MessageId.TryParse(text, out var id)
        ? id.Value
        : throw CommandFailure.Usage($"'{Plain.Line(text)}' is no message id ({what}).", "Ids are like 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55.");

    /// <summary>The next command to try: with whom and what this one was told on its command line, so that it works when it is copied.</summary>
    public static string Next(Session session, string command)
    {
        var told = CommonOptions.All.Concat(GatewayAccess.Options).OfType<Option<string?>>().Where(session.Has)
            .Select(o => $" {o.Name} {Quoted(session.Get(o) ?? "")}");
        return $"Next: backbone {command}{string.Concat(told)}";
    }

    private static string Quoted(string value) =>
        value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ':')
            ? value : $"'{Plain.Line(value).Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
