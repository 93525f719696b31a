using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Connecting;

/// <summary>Keys that are renewed while the gateway runs.</summary>
public sealed class RenewedKeysTests
{
    [Fact]
    public async Task They_are_used_from_the_next_message_and_call_on_and_end_no_stream()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var germany = await house.AttendAsync("DE");
        var france = await house.AttendAsync("FR", options => options.KeysReadEvery = TimeSpan.FromMilliseconds(50));
        var former = france.Parts.Keys.Keys;
        await house.EnrolNewAsync("FR", CertificateUse.Tls, CertificateUse.Sign);
        using var renewed = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(france.Options.OwnFolder, "sign.pem")));

        MessageId sent;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        do
        {
            Assert.False(limit.IsCancellationRequested, "The renewed keys were not read.");
            sent = await france.SendAsync("DE");
            await france.AcceptedAsync(sent);
        }
        while (!(await SignerAsync(house, sent)).SequenceEqual(SHA256.HashData(renewed.RawData)));
        await germany.ReceivesAsync(sent);
        await france.ReceivesAsync(await germany.SendAsync("FR"));

        Assert.NotSame(former, france.Parts.Keys.Keys);
        // One stream from the start to now: what was attended was not cut for the new certificate.
        Assert.Equal([true], france.Seen.OfType<GatewayEvent.Attendance>().Select(attendance => attendance.Attending));
    }

    [Fact]
    public async Task They_are_not_used_before_all_are_enrolled()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var france = await house.AttendAsync("FR", options => options.KeysReadEvery = TimeSpan.FromMilliseconds(20));
        var former = SHA256.HashData(france.Parts.Keys.Keys.Sign!.RawData);
        house.Node.Renew(Holder.Bureau("FR"), CertificateUse.Tls, CertificateUse.Sign);

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        do
        {
            Assert.False(limit.IsCancellationRequested, "The new files were not seen.");
            var sent = await france.SendAsync("DE");
            await france.AcceptedAsync(sent);
            Assert.Equal(former, await SignerAsync(house, sent));
        }
        while (!house.Logs.Lines.Any(line => line.Event.Id == 14));

        Assert.Single(house.Logs.Lines, line => line.Event.Id == 14);
        Assert.Equal([true], france.Seen.OfType<GatewayEvent.Attendance>().Select(attendance => attendance.Attending));
    }

    [Fact]
    public async Task What_is_sealed_for_a_key_that_the_gateway_has_not_read_yet_is_opened_all_the_same()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var germany = await house.AttendAsync("DE", options => options.KeysReadEvery = TimeSpan.FromHours(1));
        await house.EnrolNewAsync("DE", CertificateUse.Seal);
        var france = await house.AttendAsync("FR");

        var sent = await france.SendAsync("DE");
        var received = await germany.ReceivesAsync(sent);

        Assert.Equal((DeliveryOutcome.Delivered, ""), (received.Outcome, received.Reason));
    }

    private static async Task<byte[]> SignerAsync(GatewayHouse house, MessageId message) => Accepted.Parser.ParseFrom(
        (await house.Node.ReadAsync(EventLog.StreamId.Message(message.Value)))[0].Data.Span).SignerSha256.ToByteArray();
}
