using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Exchanging;

internal static class TopicCommands
{
    public static DocumentedCommand Subscribe(Shell shell) => Create(
        shell, "subscribe", "Receive what is sent to a topic, for information. The secretariat opens topics: 'backbone directory topic'.",
        (gateway, path, stop) => gateway.PostAsync(path, null, stop), "subscribed to");

    public static DocumentedCommand Unsubscribe(Shell shell) => Create(
        shell, "unsubscribe", "End a subscription. What is in the inbox stays.",
        (gateway, path, stop) => gateway.DeleteAsync(path, stop), "not subscribed to any more:");

    public static string Check(string topic) => Patterns.IsTopic(topic)
        ? topic
        : throw CommandFailure.Usage($"'{Plain.Line(topic)}' is no topic.", "Topics are like border.alerts.");

    private static DocumentedCommand Create(
        Shell shell, string name, string description,
        Func<LocalApiClient, string, CancellationToken, Task<System.Text.Json.JsonElement>> ask, string done)
    {
        var topic = new Argument<string>("TOPIC") { Description = "The topic, like border.alerts." };
        return new DocumentedCommand(name, description, $"backbone {name} border.alerts --as DE")
            .With([topic, .. GatewayAccess.Options, CommonOptions.Json])
            .Does(shell, async (session, stop) =>
            {
                var named = Check(session.Get(topic));
                using var gateway = LocalApiClient.Open(session);
                var answer = await ask(gateway, $"/subscriptions/{named}", stop);
                if (session.Print.Json) session.Print.Data(answer);
                else session.Print.Line($"The bureau is {done} {named}, at position {answer.As<SubscriptionReply>().Position}.");
            });
    }
}
