using System.Net;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Dashboard.Reading;
using MessageBackbone.Node.Dashboard.SignIn;
using MessageBackbone.Node.Dashboard.Watching;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Dashboard;

/// <summary>What browsers are shown of a running node: its board, its alarms, its timelines.</summary>
public sealed class WatchedNodeTests
{
    private BoardReading? _reading;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_board_has_a_line_a_bureau_and_says_what_waits_since_when_and_that_nobody_is_connected()
    {
        await using var house = await OpenAsync("FR", "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => (header.Precedence, header.Exercise) = (Precedence.Immediate, true)));

        var state = await ReadAsync(house);

        Assert.Equal(["DE", "FR"], state.Lines.Select(line => line.Bureau));
        var (de, fr) = (state.Lines[0], state.Lines[1]);
        Assert.Equal((1UL, 1UL, false, Standing.Good), (de.Open, de.Exercises, de.Attended, de.Standing));
        Assert.Equal([0UL, 1UL, 0UL, 0UL], de.Cells.Select(cell => cell.Open));
        Assert.Equal([0UL, 1UL, 0UL, 0UL], de.Cells.Select(cell => cell.Exercises));
        Assert.NotNull(de.Cells[1].Oldest);
        Assert.Equal((0UL, 0UL, Standing.Empty), (fr.Open, fr.Exercises, fr.Standing));
        Assert.Empty(state.Alarms);
        Assert.True(state.Parts.All(part => part.Ok));
    }

    [Fact]
    public async Task A_bureau_that_nobody_attends_for_and_a_passed_service_level_are_alarms_until_they_are_over()
    {
        await using var house = await OpenAsync("FR", "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Precedence = Precedence.Flash));
        house.Clock.Advance(TimeSpan.FromMinutes(6));

        var close = await ReadAsync(house);
        Assert.Equal(Standing.Close, close.Lines[0].Standing);
        var silent = Assert.Single(close.Alarms);
        Assert.Equal((AlarmKind.Silent, "DE", false), (silent.Kind, silent.Subject, silent.Acknowledged));

        await Service<Acknowledgements>(house).AcknowledgeAsync(silent.Key, "urn:backbone:operator:operator-1", Cancel);
        var said = Assert.Single((await ReadAsync(house)).Alarms);
        Assert.Equal(("operator-1", silent.Since), (said.AcknowledgedBy, said.Since));
        Assert.Equal(1, await house.CountAsync("operations.alert-acknowledged.v1"));

        house.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(Standing.Late, (await ReadAsync(house)).Lines[0].Standing);

        using var attending = await Attending.OpenAsync(house, "DE");
        await attending.RecordAsync(await attending.DeliveryAsync());
        await CaughtUpAsync(house);
        Assert.DoesNotContain((await ReadAsync(house)).Alarms, alarm => alarm.Kind == AlarmKind.Silent);
    }

    [Fact]
    public async Task An_alarm_says_how_much_of_what_it_is_about_is_an_exercise()
    {
        await using var house = await OpenAsync("FR", "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Precedence = Precedence.Flash));
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => (header.Precedence, header.Exercise) = (Precedence.Flash, true)));
        house.Clock.Advance(TimeSpan.FromMinutes(6));

        var silent = Assert.Single((await ReadAsync(house)).Alarms);

        Assert.Equal((AlarmKind.Silent, 1UL), (silent.Kind, silent.Exercises));
    }

    [Fact]
    public async Task A_certificate_that_ends_is_told_of_before_and_after_and_not_once_there_is_a_newer_one()
    {
        await using var house = await OpenAsync("FR");
        var ends = house["FR"].Keys.Tls.NotAfter.ToUniversalTime();
        Assert.DoesNotContain((await ReadAsync(house)).Alarms, alarm => alarm.Subject.Contains(":FR/", StringComparison.Ordinal));

        house.Clock.Advance(ends - TimeSpan.FromDays(20) - house.Clock.GetUtcNow().UtcDateTime);
        Assert.Contains((await ReadAsync(house)).Alarms, alarm => alarm is { Kind: AlarmKind.CertificateEnds, Urgent: false } && alarm.Subject.Contains(":FR/", StringComparison.Ordinal));

        house.Clock.Advance(TimeSpan.FromDays(21));
        Assert.Contains((await ReadAsync(house)).Alarms, alarm => alarm is { Kind: AlarmKind.CertificateEnded, Urgent: true } && alarm.Subject.Contains(":FR/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Watchers_get_the_same_state_and_no_more_once_they_left()
    {
        await using var house = await OpenAsync("FR");
        var feed = Service<BoardFeed>(house);
        var (one, two) = (new TaskCompletionSource<BoardState>(), new TaskCompletionSource<BoardState>());

        using var first = feed.Watch(state => one.TrySetResult(state));
        var second = feed.Watch(state => two.TrySetResult(state));
        await feed.WatchedByAsync(2, Cancel);

        Assert.Same(await one.Task.WaitAsync(Cancel), await two.Task.WaitAsync(Cancel));
        var (calls, more) = (0, new TaskCompletionSource());
        second.Dispose();
        using var third = feed.Watch(_ =>
        {
            if (++calls == 2) more.TrySetResult();
        });
        await more.Task.WaitAsync(Cancel);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task A_timeline_is_the_log_in_its_order_with_every_signature_judged_again()
    {
        await using var house = await OpenAsync("FR", "DE");
        var id = await DeliveredAsync(house);

        var steps = await Reader(house).ReadAsync(id, Cancel);

        Assert.Equal(["message.accepted.v1", "delivery.attempted.v1", "delivery.delivered.v1"], steps.Select(step => step.Type));
        Assert.Equal([SignatureState.Verified, SignatureState.None, SignatureState.Verified], steps.Select(step => step.Signature.State));
        Assert.Equal(["urn:backbone:bureau:FR", "", "urn:backbone:bureau:DE"], steps.Select(step => step.Signature.Signer));
        Assert.Contains(id, steps[0].Raw, StringComparison.Ordinal);
        Assert.Empty(await Reader(house).ReadAsync(Guid.CreateVersion7().ToString("D"), Cancel));
    }

    [Fact]
    public async Task A_key_revoked_as_of_before_it_signed_puts_its_signatures_in_doubt()
    {
        await using var house = await OpenAsync("FR", "DE");
        var id = await DeliveredAsync(house);

        await house.RevokeAsync(house["DE"].Keys.Sign!.RawData, TimeSpan.FromMinutes(5));

        var steps = await Reader(house).ReadAsync(id, Cancel);
        Assert.Equal([SignatureState.Verified, SignatureState.None, SignatureState.Doubted], steps.Select(step => step.Signature.State));
        Assert.Contains("KEY_COMPROMISE", steps[2].Signature.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_lets_in_once()
    {
        var links = new OneTimeLinks();
        var key = links.Mint([new Holder(HolderRole.Operator, "operator-1")]);

        Assert.Equal("operator-1", Assert.Single(links.Use(key)!).Name);
        Assert.Null(links.Use(key));
        Assert.Null(links.Use(""));
    }

    private static Task<House> OpenAsync(params string[] bureaus) =>
        House.OpenAsync(
            options =>
            {
                options.Dashboard.DemoListen = new IPEndPoint(IPAddress.Loopback, 0);
                options.Dashboard.ShowEvery = TimeSpan.FromMilliseconds(100);
            },
            bureaus);

    private static T Service<T>(House house)
        where T : notnull => house.Node.Services.GetRequiredService<T>();

    // The feed reads by itself too: the reading of a test has alarms of its own.
    private async Task<BoardState> ReadAsync(House house)
    {
        await CaughtUpAsync(house);
        _reading ??= ActivatorUtilities.CreateInstance<BoardReading>(house.Node.Services, ActivatorUtilities.CreateInstance<Alarms>(house.Node.Services));
        return await _reading.ReadAsync(Cancel);
    }

    private static Task CaughtUpAsync(House house) => Service<ReadModels>(house).CatchUpAsync(Cancel);

    private static async Task<string> DeliveredAsync(House house)
    {
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        using var attending = await Attending.OpenAsync(house, "DE");
        await attending.RecordAsync(await attending.DeliveryAsync());
        return house["FR"].HeaderOf(message).MessageId;
    }

    private static Timeline Reader(House house) => new(Service<MessageBackbone.Node.Auditing.History>(house), Service<CurrentDirectory>(house), Service<NodeIdentity>(house));
}
