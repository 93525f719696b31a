using System.Collections.Concurrent;
using Grpc.Core;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Sending;

/// <summary>What goes again after a refusal, under which id, and what does not.</summary>
public sealed class SentAgainTests
{
    [Fact]
    public async Task When_the_directory_changed_the_message_is_sealed_again_under_its_id()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        var caughtUp = false;
        between.Watch = update =>
        {
            if (caughtUp) return null; // the gateway's copy stays behind
            caughtUp = update.CaughtUp;
            return update;
        };
        var france = await house.AttendAsync("FR", node: between.Address);
        await house.EnrolNewAsync("DE", CertificateUse.Seal);

        var id = await france.SendAsync("DE");
        var accepted = await france.AcceptedAsync(id);

        Assert.Equal(id, accepted.Message);
        var entry = france.Parts.Outbox.Find(id.Value)!;
        Assert.Equal((1, OutboxState.Accepted), (entry.SignedAgain, entry.State));
        Assert.Empty(france.Seen.OfType<GatewayEvent.Replaced>());
    }

    [Fact]
    public async Task A_directory_that_changes_without_end_ends_in_a_refusal()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        var count = 0;
        between.Submit = (_, _, _) =>
        {
            count++;
            throw new RefusalException(Reasons.DirectoryChanged, "Again.").ToStatus();
        };
        var france = await house.AttendAsync("FR", o => o.SignAgain = 2, between.Address);

        var refused = Assert.IsType<GatewayEvent.Refused>(await france.AnswerAsync(await france.SendAsync("DE")));

        Assert.Equal((Reasons.DirectoryChanged, 3), (refused.Reason, count));
    }

    [Fact]
    public async Task A_message_of_a_revoked_sign_key_is_signed_with_the_new_one_under_a_new_id()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var france = await house.AttendAsync("FR");
        await house.EnrolNewAsync("FR", CertificateUse.Sign);
        await house.Node.RevokeAsync(house["FR"].Keys.Sign!.RawData);

        var first = await france.SendAsync("DE", reference: "FR-2026-1");
        var accepted = await france.AcceptedAsync(first);

        var replaced = await france.SeesAsync<GatewayEvent.Replaced>();
        Assert.Equal((first, accepted.Message, Reasons.CertificateNotValid), (replaced.Message, replaced.By, replaced.Reason));
        Assert.NotEqual(first, accepted.Message);
        var (old, fresh) = (france.Parts.Outbox.Find(first.Value)!, france.Parts.Outbox.Find(accepted.Message.Value)!);
        Assert.Equal((OutboxState.Replaced, accepted.Message.Value), (old.State, old.ReplacedBy));
        Assert.Equal((OutboxState.Accepted, first.Value, "FR-2026-1"), (fresh.State, fresh.Replaces, fresh.Reference));
        Assert.Equal(1, await house.Node.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task A_message_of_a_revoked_sign_key_without_another_is_refused()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var france = await house.AttendAsync("FR");
        await house.Node.RevokeAsync(house["FR"].Keys.Sign!.RawData);

        var refused = Assert.IsType<GatewayEvent.Refused>(await france.AnswerAsync(await france.SendAsync("DE")));

        Assert.Equal(Reasons.CertificateNotValid, refused.Reason);
    }

    [Fact]
    public async Task A_clock_that_is_ahead_makes_a_new_id_and_one_that_is_set_right_ends_it_at_once()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var clock = new ShiftedClock();
        clock.Advance(TimeSpan.FromMinutes(6));
        var france = await house.AttendAsync("FR", clock: clock);
        using var correcting = france.Host.Observe(happened =>
        {
            if (happened is GatewayEvent.Replaced && clock.GetUtcNow() > house.Node.Clock.GetUtcNow() + TimeSpan.FromMinutes(5)) clock.Advance(TimeSpan.FromMinutes(-6));
        });

        var first = await france.SendAsync("DE", reference: "FR-2026-2");
        var accepted = await france.AcceptedAsync(first);

        Assert.Equal(Reasons.ClockSkew, (await france.SeesAsync<GatewayEvent.Replaced>()).Reason);
        Assert.NotEqual(first, accepted.Message);
        Assert.Equal("FR-2026-2", france.Parts.Outbox.Find(accepted.Message.Value)!.Reference);
        Assert.Equal(1, await house.Node.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task A_clock_that_is_set_back_makes_no_pause_longer()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var clock = new ShiftedClock();
        clock.Advance(TimeSpan.FromMinutes(4));
        var between = await house.StandBetweenAsync("FR");
        var calls = 0;
        between.Submit = (_, pass, _) =>
        {
            calls++;
            if (calls == 2) clock.Advance(TimeSpan.FromMinutes(-4));
            return calls > 2 ? pass() : throw new RpcException(new Status(StatusCode.Unavailable, "Not now."));
        };
        var france = await house.AttendAsync("FR", node: between.Address, clock: clock);

        await france.AcceptedAsync(await france.SendAsync("DE"));

        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task A_refused_connection_makes_no_new_id_and_the_new_keys_take_the_same_bytes()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var france = await house.AttendAsync("FR");
        await house.EnrolNewAsync("FR", CertificateUse.Tls, CertificateUse.Sign);
        await house.Node.RevokeAsync(house["FR"].Keys.Tls.RawData);

        var second = await france.SendAsync("DE");
        var accepted = await france.AcceptedAsync(second);

        Assert.Equal(second, accepted.Message);
        Assert.Empty(france.Seen.OfType<GatewayEvent.Replaced>());
        await france.SeesAsync<GatewayEvent.Attendance>(2, a => a.Attending);
    }

    [Theory]
    [InlineData(Reasons.CertificateNotValid)]
    [InlineData(Reasons.UnknownBureau)]
    [InlineData(Reasons.RoleRequired)]
    public async Task A_refused_caller_proves_nothing_about_a_message_that_may_be_recorded(string reason)
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        var bytes = new ConcurrentQueue<Envelope>();
        between.Submit = async (request, pass, context) =>
        {
            bytes.Enqueue(request.Envelope);
            if (bytes.Count == 2) throw new RefusalException(reason, "This connection is not admitted.").ToStatus();
            var reply = await pass();
            if (bytes.Count == 1) context.GetHttpContext().Abort(); // recorded, and nobody hears of it
            return reply;
        };
        var france = await house.AttendAsync("FR", node: between.Address);
        house.Node.Renew(Holder.Bureau("FR"), CertificateUse.Tls, CertificateUse.Sign); // other sign keys are at hand: that must not tempt

        var id = await france.SendAsync("DE");
        var accepted = await france.AcceptedAsync(id);

        Assert.Equal((id, true), (accepted.Message, accepted.Duplicate));
        Assert.Equal(3, bytes.Count);
        Assert.Single(bytes.Distinct());
        Assert.Equal(1, await house.Node.CountAsync("message.accepted.v1"));
    }
}
