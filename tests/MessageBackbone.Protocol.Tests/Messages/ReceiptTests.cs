using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Messages;

public sealed class ReceiptTests
{
    [Theory]
    [InlineData(DeliveryOutcome.Delivered, "", "")]
    [InlineData(DeliveryOutcome.Refused, "CANNOT_OPEN", "")]
    [InlineData(DeliveryOutcome.Opened, "", "officer 7")]
    [InlineData(DeliveryOutcome.Quarantined, "SCANNER", "")]
    public void A_delivery_receipt_is_read_as_it_was_built(DeliveryOutcome outcome, string reason, string officer)
    {
        var built = Build(outcome, reason, officer);

        Assert.True(ReceiptBuilding.TryRead(built, DeliveryReceipt.Parser, out var signed, out var receipt, out var problem), problem);
        Assert.True(signed.VerifySignature());
        Assert.Equal(Holder.Bureau("DE"), signed.Signer);
        Assert.Equal((outcome, reason, officer, 7UL), (receipt.Outcome, receipt.Reason, receipt.Officer, receipt.Sequence));
    }

    [Theory]
    [InlineData(DeliveryOutcome.Delivered, "WHY", "")]
    [InlineData(DeliveryOutcome.Refused, "", "")]
    [InlineData(DeliveryOutcome.Refused, "free text", "")]
    [InlineData(DeliveryOutcome.Delivered, "", "officer 7")]
    [InlineData(DeliveryOutcome.Unspecified, "", "")]
    [InlineData((DeliveryOutcome)9, "", "")]
    public void A_delivery_receipt_against_the_rules_is_not_built(DeliveryOutcome outcome, string reason, string officer) =>
        Assert.Throws<ArgumentException>(() => Build(outcome, reason, officer));

    [Fact]
    public void One_kind_of_signed_object_is_not_read_as_another()
    {
        Assert.False(ReceiptBuilding.TryRead(Build(DeliveryOutcome.Delivered, "", ""), AcceptanceReceipt.Parser, out _, out _, out var problem));
        Assert.Contains("type", problem);
    }

    [Fact]
    public void An_acceptance_receipt_names_its_recipients_in_order()
    {
        var node = Sample.Of(new Holder(HolderRole.Node, "node")).Sign!;
        var receipt = new AcceptanceReceipt { MessageId = MessageId.New(Sample.Now).Value, AcceptedAt = Timestamp.FromDateTimeOffset(Sample.Now) };
        receipt.Recipients.AddRange(["GB", "DE", "FR-SDLC", "FR"]);

        var built = ReceiptBuilding.Acceptance(receipt, node, Sample.Now);

        Assert.True(ReceiptBuilding.TryRead(built, AcceptanceReceipt.Parser, out _, out var read, out var problem), problem);
        Assert.Equal(["DE", "FR", "FR-SDLC", "GB"], read.Recipients);
    }

    [Fact]
    public void A_leaf_holds_the_event_and_is_hashed_by_RFC_6962()
    {
        var id = new Guid("01234567-89ab-cdef-0123-456789abcdef");
        var leaf = LedgerLeaves.Write(id, "message-1", 0, "message.accepted.v1", "data"u8, "metadata"u8, Sample.Now);

        Assert.Equal("0123456789abcdef0123456789abcdef", Convert.ToHexStringLower(LedgerLeaf.Parser.ParseFrom(leaf).EventId.Span));
        Assert.Equal(SHA256.HashData([0, .. leaf]), LedgerLeaves.Hash(leaf));
        Assert.Equal("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", Convert.ToHexStringLower(LedgerLeaves.Hash([])));
    }

    private static byte[] Build(DeliveryOutcome outcome, string reason, string officer)
    {
        var header = new MessageHeader { MessageId = MessageId.New(Sample.Now).Value, BodySha256 = ByteString.CopyFrom(new byte[32]) };
        return ReceiptBuilding.Delivery(
            header, new byte[32], BureauCode.Parse("DE"), outcome, reason, officer, 7, Sample.Bureau("DE").Sign!, Sample.Now);
    }
}
