using FsCheck;
using FsCheck.Fluent;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Deliveries;

public sealed class DeliveryProperties
{
    private static Gen<DeliveryCommand> Commands =>
        from attempt in Gen.Choose(0, 4)
        from outcome in Gen.Choose(0, 4)
        from ends in Gen.Choose(0, 8)
        from header in Gen.Choose(1, 8)
        select ends == 0
            ? DeliveryTests.Ended((uint)attempt + 1)
            : ends == 3 ? RedeliveryTests.Redeliver()
            : ends == 4 ? ExpiryTests.Expire(minutes: attempt)
            : ends == 7 ? RecallTests.Recall(order: attempt)
            : ends == 8 ? ExpiryTests.Close(Guid.Empty)
            : ends > 4 ? EscalationTests.Escalate(minutes: 5 * (attempt + 1), alternate: ends == 5 ? "ES" : "")
            : (DeliveryCommand)DeliveryTests.Receipt(
                (DeliveryOutcome)outcome,
                attempt == 0 ? null : DeliveryTests.Attempt((uint)attempt),
                receipt => receipt.HeaderSha256 = Sample.Hash((byte)Math.Max(1, header - 6)));

    [Fact]
    public void Deciding_again_adds_nothing_and_folding_reaches_the_same_state()
    {
        Prop.ForAll(Commands.ListOf().ToArbitrary(), list => Deciding.KeepsBothProperties(
            DeliveryProgress.Waiting, list, DeliveryProgress.Decide, DeliveryProgress.Evolve, state => $"{state}")).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_final_delivery_stays_final_and_is_settled_once()
    {
        Prop.ForAll(Commands.ListOf().ToArbitrary(), list =>
        {
            var state = DeliveryProgress.Waiting;
            var (settled, ended) = (0, 0);
            foreach (var command in list)
            {
                var wasFinal = state.IsFinal;
                var events = (DeliveryProgress.Decide(state, command) as Decision.Record)?.Events ?? [];
                settled += events.Count(e => e is Delivered or Refused);
                ended += events.Count(e => e is Expired or Recalled);
                var before = state.Stage;
                state = events.Aggregate(state, DeliveryProgress.Evolve);
                Assert.True(!wasFinal || state.IsFinal);
                Assert.True(before is not (DeliveryStage.Expired or DeliveryStage.Recalled) || state.Stage == before);
                Assert.True(!wasFinal || !events.Any(e => e is Expired or Recalled));
            }

            Assert.InRange(settled, 0, 1);
            Assert.InRange(ended, 0, 1);
        }).QuickCheckThrowOnFailure();
    }
}
