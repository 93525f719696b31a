using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Gateway;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Running;

/// <summary>`backbone gateway`: one bureau's gateway, until it is told to stop.</summary>
internal static class GatewayCommand
{
    public static Command Create(Shell shell) => new DocumentedCommand("gateway",
            "Run a bureau's gateway. Without --config it takes its keys and the CA from the PKI folder and keeps its data in DATA/gateways/BUREAU.",
            "backbone gateway --config /etc/messagebackbone/gateway-FR.json", "backbone gateway --as FR --pki pki --node https://127.0.0.1:7443",
            "backbone gateway --as FR --print-config")
        .With(ServiceOptions.Config, ServiceOptions.PrintConfig)
        .Does(shell, RunAsync);

    private static async Task RunAsync(Session session, CancellationToken stop)
    {
        var options = Read(session);
        if (session.Get(ServiceOptions.PrintConfig))
        {
            ServiceOptions.Print(session, GatewayOptions.Section, options);
            options.Validate();
            return;
        }
        using var logs = ServiceLogs.Create(session.Get(ServiceOptions.Config));
        await using var gateway = await GatewayHost.StartAsync(options, session.Shell.Clock, logs, stop);
        await Service.RunAsync(session, $"Gateway of {gateway.Bureau.Value} at {gateway.LocalAddress.GetLeftPart(UriPartial.Authority)}. Ctrl-C stops it.", CancellationToken.None, stop);
    }

    private static GatewayOptions Read(Session session)
    {
        if (session.Get(ServiceOptions.Config) is { } file)
            return File.Exists(file) ? GatewayConfiguration.Load(file) : throw new CommandFailure($"{file} does not exist.");
        var bureau = session.Settings.ActAs(HolderRole.Bureau).Holder.Name;
        var pki = new PkiFolder(session.Settings.Pki, session.Shell.Clock);
        var options = HouseDefaults.Gateway(pki, bureau, Path.Combine(session.Settings.Data, "gateways", bureau), session.Settings.Node);
        if (session.Settings.GatewayTold is { } listen) options.Listen = listen;
        GatewayConfiguration.ApplyEnvironment(options);
        return options;
    }
}
