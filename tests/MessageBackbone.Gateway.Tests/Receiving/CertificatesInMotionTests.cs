using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Receiving;

/// <summary>Certificates that change between a message's acceptance and its delivery.</summary>
public sealed class CertificatesInMotionTests
{
    private static readonly TimeSpan _aMoment = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Also where the key is said to have been bad before: that is flagged in evidence, and the message is never dropped for it (wire.md §5).
    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public async Task A_message_that_was_accepted_before_its_signers_certificate_was_revoked_is_good(int invalidMinutesBefore)
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var envelope = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(envelope);
        house.Node.Clock.Advance(_aMoment);
        await house.Node.RevokeAsync(house["FR"].Keys.Sign!.RawData, TimeSpan.FromMinutes(invalidMinutesBefore));

        var germany = await house.AttendAsync("DE");

        var received = await germany.ReceivesAsync(house["FR"].HeaderOf(envelope).MessageId);
        Assert.Equal((DeliveryOutcome.Delivered, ""), (received.Outcome, received.Reason));
        Assert.NotNull(Assert.Single(germany.Parts.Directory.Copy.SignCertificates("FR")).RevokedAt);
    }

    [Fact]
    public async Task A_message_that_a_node_says_was_accepted_after_its_signers_certificate_was_revoked_is_not()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var envelope = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(envelope);
        house.Node.Clock.Advance(_aMoment);
        await house.Node.RevokeAsync(house["FR"].Keys.Sign!.RawData);
        house.Node.Clock.Advance(_aMoment);
        var after = house.Node.Clock.GetUtcNow();
        using var node = house.Node.Ca.IssueAll(new Holder(HolderRole.Node, "node-3"), after).OpenKeys();
        var between = await house.StandBetweenAsync("DE");
        between.ToGateway = frame =>
        {
            if (frame.Delivery is { } delivery
                && ReceiptBuilding.TryRead(delivery.Acceptance.Memory, AcceptanceReceipt.Parser, out _, out var acceptance, out _))
            {
                acceptance.AcceptedAt = after.ToTimestamp();
                delivery.Acceptance = ByteString.CopyFrom(ReceiptBuilding.Acceptance(acceptance, node.Sign!, after));
            }
            return [frame];
        };

        var germany = await house.AttendAsync("DE", node: between.Address);

        var received = await germany.ReceivesAsync(house["FR"].HeaderOf(envelope).MessageId);
        Assert.Equal((DeliveryOutcome.Refused, Reasons.SignatureInvalid), (received.Outcome, received.Reason));
    }

    [Fact]
    public async Task What_was_sealed_to_the_replaced_certificate_opens_after_the_rotation_wherever_it_lay_meanwhile()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var inInbox = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(inInbox);
        var before = await house.AttendAsync("DE");
        await before.ReceivesAsync(house["FR"].HeaderOf(inInbox).MessageId);
        await before.DisposeAsync();
        var onItsWay = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(onItsWay);

        KeepOldSeal(Path.Combine(house.Node.Folder, "DE"));
        await house.EnrolNewAsync("DE", CertificateUse.Seal);
        var france = await house.AttendAsync("FR");
        var germany = await house.AttendAsync("DE");
        var anew = await france.SendAsync("DE");

        foreach (var id in (string[])[house["FR"].HeaderOf(onItsWay).MessageId, anew.Value])
            Assert.Equal(DeliveryOutcome.Delivered, (await germany.ReceivesAsync(id)).Outcome);
        foreach (var id in (string[])[house["FR"].HeaderOf(inInbox).MessageId, house["FR"].HeaderOf(onItsWay).MessageId, anew.Value])
            Assert.Equal("Bonjour", (await germany.Host.OpenAsync(MessageId.Parse(id), "officer-1", Cancel))!.Content.Text);
        Assert.Equal(2, germany.Parts.Keys.Keys.SealKeys.Count);
    }

    // As an administrator keeps it for as long as something may be sealed to it.
    private static void KeepOldSeal(string folder)
    {
        foreach (var part in (string[])["pem", "key"]) File.Copy(Path.Combine(folder, $"seal.{part}"), Path.Combine(folder, $"seal.1.{part}"));
    }
}
