using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Carrying;

/// <summary>Carries files between a house's operator and its bureaus.</summary>
internal sealed class Courier(Party by)
{
    private readonly OperationsService.OperationsServiceClient _operations = new(by.Channel);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Courier> OfAsync(GatewayHouse house) =>
        new(await house.Node.AddAsync(new Holder(HolderRole.Operator, "operator-1")));

    /// <summary>A bureau's gateway that never calls the node.</summary>
    public static Task<RunningGateway> WithoutLineAsync(
        GatewayHouse house, string bureau, Action<GatewayOptions>? configure = null, TimeProvider? clock = null, GatewayStores? stores = null) => house.StartAsync(
        bureau,
        options =>
        {
            options.WithoutLine = true;
            configure?.Invoke(options);
        },
        new Uri("https://127.0.0.1:1"),
        clock,
        stores);

    public static async Task<byte[]> ExportAsync(RunningGateway gateway, int most = 0, long mostBytes = 0)
    {
        var summary = await gateway.Parts.Carry.WriteAsync(most, mostBytes, Cancel);
        return await AgainAsync(gateway, (long)summary.Number) ?? throw new InvalidOperationException("The file that was written is not kept.");
    }

    public static async Task<byte[]?> AgainAsync(RunningGateway gateway, long number)
    {
        if (gateway.Parts.Carry.Again(number) is not { } found) return null;
        await using var file = found;
        using var copy = new MemoryStream();
        await file.CopyToAsync(copy, Cancel);
        return copy.ToArray();
    }

    public static Task<CarrySummary> TakeAsync(RunningGateway gateway, byte[] file, bool check = false, bool acceptGap = false) =>
        gateway.Parts.Carry.TakeAsync(new MemoryStream(file), check, acceptGap, Cancel);

    public async Task<CarrySummary> ToNodeAsync(byte[] file, bool check = false, bool acceptGap = false)
    {
        using var call = _operations.CarryIn(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new CarryChunk { Check = check, AcceptGap = acceptGap }, Cancel);
        foreach (var piece in file.Chunk(100_000)) await call.RequestStream.WriteAsync(new CarryChunk { Data = ByteString.CopyFrom(piece) }, Cancel);
        await call.RequestStream.CompleteAsync();
        return await call.ResponseAsync;
    }

    public Task<CarrySummary> ToNodeAsync(RunningGateway gateway) => ExportAndBringAsync(gateway);

    public async Task<(byte[] File, CarrySummary Summary)> FromNodeAsync(string bureau, uint most = 0, ulong mostBytes = 0, ulong again = 0)
    {
        using var call = _operations.CarryOut(new CarryOutRequest { Bureau = bureau, Most = most, MostBytes = mostBytes, Again = again }, cancellationToken: Cancel);
        using var file = new MemoryStream();
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        var summary = call.ResponseStream.Current.Summary;
        while (await call.ResponseStream.MoveNext(Cancel)) await file.WriteAsync(call.ResponseStream.Current.Data.Memory, Cancel);
        Assert.Equal(Digests.Hex(summary.Sha256.Span), Digests.Sha256Hex(file.ToArray()));
        return (file.ToArray(), summary);
    }

    /// <summary>The node's next file, into the gateway.</summary>
    public async Task<CarrySummary> ToBureauAsync(RunningGateway gateway) => await TakeAsync(gateway, (await FromNodeAsync(gateway.Options.Bureau)).File);

    private async Task<CarrySummary> ExportAndBringAsync(RunningGateway gateway) => await ToNodeAsync(await ExportAsync(gateway));
}
