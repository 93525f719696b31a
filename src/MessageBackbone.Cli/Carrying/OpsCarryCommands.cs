using System.CommandLine;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Carrying;

/// <summary>The node's side of carry files.</summary>
internal static class OpsCarryCommands
{
    public static DocumentedCommand Create(Shell shell) => new DocumentedCommand(
        "carry", "Signed files from and to bureaus without a line.", "backbone ops carry import FR-to-node-000001.carry", "backbone ops carry export FR /media/usb")
        .With(Import(shell), Export(shell));

    private static DocumentedCommand Export(Shell shell)
    {
        var bureau = new Argument<string>("BUREAU") { Description = "The bureau's code." };
        var target = CarryOptions.Target();
        return new DocumentedCommand("export",
                "Write the next file to a bureau: the directory, the answers to what its files brought, and its open deliveries, the most urgent first. They stay open until "
                + "its receipts come.",
                "backbone ops carry export FR /media/usb", "backbone ops carry export FR out.carry --most 100", "backbone ops carry export FR /media/usb --again 3")
            .With(bureau, target, CarryOptions.Most, CarryOptions.Bytes, CarryOptions.Again, CommonOptions.Json)
            .Does(shell, async (session, stop) =>
            {
                CarryOptions.RequireFitting(session);
                var file = new CarryTarget(session.Get(target));
                using var connection = NodeConnection.Open(session, HolderRole.Operator);
                using var call = new OperationsService.OperationsServiceClient(connection.Channel).CarryOut(
                    new CarryOutRequest
                    {
                        Bureau = PkiCommands.Bureau(session.Get(bureau)).Name,
                        Most = (uint)session.Get(CarryOptions.Most),
                        MostBytes = (ulong)session.Get(CarryOptions.Bytes),
                        Again = (ulong)session.Get(CarryOptions.Again),
                    },
                    cancellationToken: stop);
                if (!await call.ResponseStream.MoveNext(stop) || call.ResponseStream.Current.Summary is not { } summary)
                    throw new CommandFailure("The node sent no file.");
                var facts = CarryFacts.Of(summary);
                using var progress = new CarryProgress(session, (long)facts.Size);
                var path = await file.WriteAsync(session, facts, async written =>
                {
                    while (await call.ResponseStream.MoveNext(stop))
                        await progress.PassAsync(call.ResponseStream.Current.Data.Memory, piece => written.WriteAsync(piece, stop).AsTask());
                    return progress.Sha256;
                });
                CarryTold.Written(session, facts, path, $"Next: take it to {facts.Bureau}; there: backbone carry import {Path.GetFileName(path)}");
            });
    }

    private static DocumentedCommand Import(Shell shell)
    {
        var source = CarryOptions.Source();
        return new DocumentedCommand("import",
                "Take a bureau's file: each message as if it had been submitted, each receipt as if it had come over a line. The whole file is verified before anything is done; "
                + "imported twice, it changes nothing.",
                "backbone ops carry import FR-to-node-000001.carry", "backbone ops carry import FR-to-node-000001.carry --check --json")
            .With(source, CarryOptions.Check, CarryOptions.AcceptGap, CommonOptions.Json)
            .Does(shell, async (session, stop) =>
            {
                await using var file = CarryOptions.Open(session.Get(source));
                using var connection = NodeConnection.Open(session, HolderRole.Operator);
                using var call = new OperationsService.OperationsServiceClient(connection.Channel).CarryIn(cancellationToken: stop);
                using var progress = new CarryProgress(session, file.Length);
                var first = new CarryChunk { Check = session.Get(CarryOptions.Check), AcceptGap = session.Get(CarryOptions.AcceptGap) };
                CarryTold.Taken(session, CarryFacts.Of(await SendAsync(call, first, file, progress, stop)));
            });
    }

    private static async Task<CarrySummary> SendAsync(
        AsyncClientStreamingCall<CarryChunk, CarrySummary> call, CarryChunk first, FileStream file, CarryProgress progress, CancellationToken stop)
    {
        try
        {
            await call.RequestStream.WriteAsync(first, stop);
            await progress.PassAllAsync(file, piece => call.RequestStream.WriteAsync(new CarryChunk { Data = ByteString.CopyFrom(piece.Span) }, stop), stop);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception ended) when (ended is InvalidOperationException or IOException or RpcException && !stop.IsCancellationRequested)
        {
            await call.ResponseAsync; // why the node did not want the rest
            throw;
        }
        return await call.ResponseAsync;
    }
}
