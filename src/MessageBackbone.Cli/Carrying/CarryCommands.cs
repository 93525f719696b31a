using System.CommandLine;
using MessageBackbone.Cli.Exchanging;
using MessageBackbone.Cli.Invoking;

namespace MessageBackbone.Cli.Carrying;

/// <summary>The bureau's side of carry files, through its gateway.</summary>
internal static class CarryCommands
{
    public static Command Create(Shell shell) => new DocumentedCommand(
        "carry", "Messages and receipts as signed files, for a bureau without a line.", "backbone carry export /media/usb",
        "backbone carry import /media/usb/FR-to-bureau-000001.carry")
        .With(Export(shell), Import(shell));

    private static DocumentedCommand Export(Shell shell)
    {
        var target = CarryOptions.Target();
        return new DocumentedCommand("export",
                "Write what the node has not answered yet: messages of the outbox and receipts, the most urgent first. They wait on until the answer is imported; "
                + "written again in a later file, nothing is delivered twice.",
                "backbone carry export /media/usb", "backbone carry export out.carry --most 100", "backbone carry export /media/usb --again 3")
            .With([target, CarryOptions.Most, CarryOptions.Bytes, CarryOptions.Again, .. GatewayAccess.Options, CommonOptions.Json])
            .Does(shell, async (session, stop) =>
            {
                CarryOptions.RequireFitting(session);
                var file = new CarryTarget(session.Get(target));
                using var gateway = LocalApiClient.Open(session);
                var query = $"most={session.Get(CarryOptions.Most)}&bytes={session.Get(CarryOptions.Bytes)}&again={session.Get(CarryOptions.Again)}";
                var facts = (await gateway.WorkAsync($"/carry/export?{query}", stop)).As<CarryFacts>();
                using var progress = new CarryProgress(session, (long)facts.Size);
                var path = await file.WriteAsync(session, facts, async written =>
                {
                    await gateway.DownloadAsync($"/carry/files/{facts.Number}", came => progress.PassAllAsync(came, piece => written.WriteAsync(piece, stop).AsTask(), stop), stop);
                    return progress.Sha256;
                });
                CarryTold.Written(session, facts, path, $"Next: take it to the house; there: backbone ops carry import {Path.GetFileName(path)}");
            });
    }

    private static DocumentedCommand Import(Shell shell)
    {
        var source = CarryOptions.Source();
        return new DocumentedCommand("import",
                "Take a file of the node: the directory, the answers to what was exported, and messages for the inbox. The whole file is verified before anything is done; "
                + "imported twice, it changes nothing.",
                "backbone carry import /media/usb/FR-to-bureau-000001.carry", "backbone carry import FR-to-bureau-000001.carry --check --json")
            .With([source, CarryOptions.Check, CarryOptions.AcceptGap, .. GatewayAccess.Options, CommonOptions.Json])
            .Does(shell, async (session, stop) =>
            {
                await using var file = CarryOptions.Open(session.Get(source));
                using var gateway = LocalApiClient.Open(session);
                using var progress = new CarryProgress(session, file.Length);
                var query = $"check={Word(session.Get(CarryOptions.Check))}&accept_gap={Word(session.Get(CarryOptions.AcceptGap))}";
                var answer = await gateway.UploadAsync(
                    $"/carry/import?{query}", file.Length, sent => progress.PassAllAsync(file, piece => sent.WriteAsync(piece, stop).AsTask(), stop), stop);
                CarryTold.Taken(session, answer.As<CarryFacts>());
            });
    }

    private static string Word(bool value) => value ? "true" : "false";
}
