using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Running;

/// <summary>`backbone node`: one node, until it is told to stop.</summary>
internal static class NodeCommand
{
    private static readonly Option<string?> RabbitMq = new("--rabbitmq") { Description = "Route over this broker. Default: in memory.", HelpName = "URI" };

    private static readonly Option<string?> EventStore = new("--eventstore")
    {
        Description = "Keep the event log in this EventStoreDB; a password is better kept in the file of --config. Default: in a file.",
        HelpName = "ESDB",
    };

    public static Command Create(Shell shell) => new DocumentedCommand("node",
            "Run a node. Without --config it takes its keys, the CA and the secretariat from the PKI folder and keeps its data in DATA/node.",
            "backbone node --config /etc/messagebackbone/node.json", "backbone node --pki pki --data .backbone", "backbone node --eventstore esdb://127.0.0.1:2113?tls=false",
            "backbone node --print-config")
        .With(ServiceOptions.Config, ServiceOptions.PrintConfig, RabbitMq, EventStore)
        .Does(shell, RunAsync);

    private static async Task RunAsync(Session session, CancellationToken stop)
    {
        var options = Read(session);
        if (session.Get(RabbitMq) is { } broker) options.RabbitMq = broker;
        if (session.Get(EventStore) is { } store) options.EventStore = store;
        if (session.Get(ServiceOptions.PrintConfig))
        {
            ServiceOptions.Print(session, NodeOptions.Section, options);
            options.Validate();
            return;
        }
        using var logs = ServiceLogs.Create(session.Get(ServiceOptions.Config));
        await using var node = await NodeHost.StartAsync(options, session.Shell.Clock, logs, stop);
        await Service.RunAsync(session, $"Node at {node.GrpcAddress.GetLeftPart(UriPartial.Authority)}. Ctrl-C stops it.", node.Stopping, stop);
    }

    private static NodeOptions Read(Session session)
    {
        if (session.Get(ServiceOptions.Config) is { } file)
            return File.Exists(file) ? NodeConfiguration.Load(file) : throw new CommandFailure($"{file} does not exist.");
        var pki = new PkiFolder(session.Settings.Pki, session.Shell.Clock);
        var options = HouseDefaults.Node(pki, session.Settings.ActAs(HolderRole.Node), Path.Combine(session.Settings.Data, "node"));
        NodeConfiguration.ApplyEnvironment(options);
        return options;
    }
}
