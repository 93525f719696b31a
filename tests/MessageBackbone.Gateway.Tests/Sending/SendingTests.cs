using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Node.Accepting;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Sending;

public sealed class SendingTests
{
    private static readonly Uri _nobody = new("https://127.0.0.1:1");

    [Fact]
    public async Task What_was_answered_is_sent_by_a_gateway_that_finds_only_the_files()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await (await house.AttendAsync("FR")).DisposeAsync();
        var killed = await house.StartAsync("FR", node: _nobody);
        var id = await killed.SendAsync("DE");

        // As a kill would leave it: the files as they are while the gateway runs, without a stop that could tidy up.
        var files = Path.Combine(house.Node.Folder, "after-the-kill");
        CopyFolder(house.FolderOf("FR"), files);
        await using var after = await house.StartAsync("FR", o => o.DataFolder = files);

        var accepted = await after.AcceptedAsync(id);
        Assert.Equal((id, false), (accepted.Message, accepted.Duplicate));
    }

    [Fact]
    public async Task A_message_waits_for_a_node_that_is_away_and_goes_with_the_same_bytes()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await (await house.AttendAsync("FR")).DisposeAsync();
        byte[] header, body;
        Protocol.Identities.MessageId id;
        await using (var alone = await house.StartAsync("FR", node: _nobody))
        {
            id = await alone.SendAsync("DE");
            (header, body) = BytesOf(alone, id);
            await alone.SeesAsync<GatewayEvent.Attendance>(a => !a.Attending);
            Assert.Equal(OutboxState.Waiting, alone.Parts.Outbox.Find(id.Value)!.State);
        }
        var between = await house.StandBetweenAsync("FR");
        var requests = Record(between);
        await using var again = await house.StartAsync("FR", node: between.Address);

        await again.AcceptedAsync(id);

        var sent = Assert.Single(requests);
        Assert.Equal(header, sent.Header.ToByteArray());
        Assert.Equal(body, sent.Body.ToByteArray());
    }

    [Fact]
    public async Task After_a_call_that_was_cut_the_same_bytes_go_again_and_the_node_has_one_event()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        var requests = Record(between, async (request, pass, context, number) =>
        {
            var reply = await pass();
            if (number == 1) context.GetHttpContext().Abort(); // recorded, and nobody hears of it
            return reply;
        });
        var france = await house.AttendAsync("FR", node: between.Address);

        var accepted = await france.AcceptedAsync(await france.SendAsync("DE"));

        Assert.True(accepted.Duplicate);
        Assert.Equal(2, requests.Count);
        Assert.Single(requests.Distinct());
        Assert.Equal(1, await house.Node.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task An_acceptance_that_does_not_verify_is_none()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        house.Logs.Expect(line => line.Event.Id == 32);
        var between = await house.StandBetweenAsync("FR");
        var first = house["FR"].ReceiptOf(await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"])));
        var requests = Record(between, async (_, pass, _, number) =>
        {
            var reply = await pass();
            if (number == 1) reply.Receipt = ByteString.CopyFrom(Protocol.Messages.ReceiptBuilding.Sign(first, house["FR"].Keys.Sign!, house.Node.Clock.GetUtcNow()));
            return reply;
        });
        var france = await house.AttendAsync("FR", node: between.Address);

        var accepted = await france.AcceptedAsync(await france.SendAsync("DE"));

        Assert.True(accepted.Duplicate);
        Assert.Equal(2, requests.Count);
    }

    [Theory]
    [InlineData(Precedence.Routine, 5)]
    [InlineData(Precedence.Priority, 6)]
    [InlineData(Precedence.Immediate, 7)]
    public async Task A_flash_does_not_wait_behind_less_urgent_ones_that_are_under_way(Precedence less, int underWay)
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        var slow = new TaskCompletionSource();
        var held = new SemaphoreSlim(0);
        var order = new ConcurrentQueue<Precedence>();
        Record(between, async (request, pass, _, _) =>
        {
            var precedence = house["FR"].HeaderOf(request.Envelope).Precedence;
            order.Enqueue(precedence);
            if (precedence == less)
            {
                held.Release();
                await slow.Task;
            }
            return await pass();
        });
        var france = await house.AttendAsync("FR", o => o.SubmitInFlight = 8, between.Address);
        for (var i = 0; i < 8; i++) await france.SendAsync("DE", precedence: less);
        for (var i = 0; i < underWay; i++) await held.WaitAsync(TestContext.Current.CancellationToken);

        await france.AcceptedAsync(await france.SendAsync("DE", precedence: Precedence.Flash));

        Assert.Equal([.. Enumerable.Repeat(less, underWay), Precedence.Flash], order);
        slow.SetResult();
        await france.SeesAsync<GatewayEvent.Accepted>(9);
    }

    [Fact]
    public async Task A_full_outbox_refuses_and_keeps_nothing_of_what_it_refused()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await (await house.AttendAsync("FR")).DisposeAsync();
        await using var alone = await house.StartAsync("FR", o => (o.OutboxMessages, o.OutboxFlashReserve) = (2, 1), _nobody);
        await alone.SendAsync("DE");
        await alone.SendAsync("DE");

        var refused = await Assert.ThrowsAsync<DraftRefusedException>(() => alone.SendAsync("DE"));

        Assert.Equal(DraftRefusedException.OutboxFull, refused.Reason);
        Assert.Equal(2, alone.Parts.Outbox.List(long.MaxValue, 10).Count);
        Assert.Equal(2, alone.Parts.Queue.Messages);
        await alone.SendAsync("DE", precedence: Precedence.Flash);
        await Assert.ThrowsAsync<DraftRefusedException>(() => alone.SendAsync("DE", precedence: Precedence.Flash));
    }

    [Fact]
    public async Task A_node_of_another_authority_gets_nothing()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await (await house.AttendAsync("FR")).DisposeAsync();
        using var otherCa = Protocol.Identities.CertificateAuthority.Create("Other authority", house.Node.Clock.GetUtcNow());
        var stranger = house.Keep(await FalseNode.StartAsync(
            house["FR"], otherCa.IssueAll(new(Protocol.Identities.HolderRole.Node, "node"), house.Node.Clock.GetUtcNow())));
        var requests = Record(stranger);
        await using var france = await house.StartAsync("FR", node: stranger.Address);
        var id = await france.SendAsync("DE");

        var end = await france.SeesAsync<GatewayEvent.Attendance>(a => !a.Attending);

        Assert.Equal("Unavailable", end.Reason);
        Assert.Contains(house.Logs.Lines, line => line.Event.Id == 10);
        Assert.Equal(OutboxState.Waiting, france.Parts.Outbox.Find(id.Value)!.State);
        Assert.Empty(requests);
    }

    [Fact]
    public async Task A_refusal_for_good_is_told_with_its_reason()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        Record(between, (_, _, _, _) => throw new RefusalException("EXCHANGE_NOT_PERMITTED", "Not to them.").ToStatus());
        var france = await house.AttendAsync("FR", node: between.Address);

        var refused = Assert.IsType<GatewayEvent.Refused>(await france.AnswerAsync(await france.SendAsync("DE")));

        Assert.Equal(("EXCHANGE_NOT_PERMITTED", "Not to them."), (refused.Reason, refused.Text));
        Assert.Equal(0, france.Parts.Queue.Messages);
    }

    private static (byte[] Header, byte[] Body) BytesOf(RunningGateway gateway, Protocol.Identities.MessageId id)
    {
        var signed = gateway.Parts.Outbox.Read(gateway.Parts.Outbox.Find(id.Value)!.Row).Signed;
        return (signed.Header, signed.Body);
    }

    private static ConcurrentQueue<Envelope> Record(
        FalseNode node, Func<SubmitRequest, Func<Task<SubmitReply>>, ServerCallContext, int, Task<SubmitReply>>? answer = null)
    {
        var requests = new ConcurrentQueue<Envelope>();
        var count = 0;
        node.Submit = (request, pass, context) =>
        {
            requests.Enqueue(request.Envelope);
            return answer is null ? pass() : answer(request, pass, context, Interlocked.Increment(ref count));
        };
        return requests;
    }

    private static void CopyFolder(string from, string to)
    {
        System.IO.Directory.CreateDirectory(to, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var file in System.IO.Directory.GetFiles(from).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
