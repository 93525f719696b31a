using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class StoreAwayTests
{
    [Fact]
    public async Task A_receipt_that_the_log_cannot_take_is_asked_for_again_and_then_recorded()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        using var attending = await Attending.OpenAsync(house, "DE");
        var delivery = await attending.DeliveryAsync();
        var signed = attending.Sign(attending.ReceiptFor(delivery.Envelope));

        await ExecuteAsync(house, "create trigger fault before insert on event begin select raise(abort, 'the disk gives errors'); end");
        var refusal = await attending.RefusedAsync(signed);
        await ExecuteAsync(house, "drop trigger fault");

        Assert.Equal(Reasons.StoreUnavailable, refusal.Reason);
        Assert.InRange(refusal.RetryAfter.ToTimeSpan(), TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Assert.NotEmpty(house.Logs.Errors);
        house.Logs.Forget();
        await attending.RecordAsync(signed);
        Assert.Equal(
            [(typeof(Attempted), 1u), (typeof(Delivered), 0u)],
            (await attending.EventsAsync(delivery.Envelope)).Select(e => (e.GetType(), (e as Attempted)?.Attempt ?? 0)));
    }

    [Fact]
    public async Task An_attempt_whose_end_the_log_could_not_take_is_counted_all_the_same()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        using (var attending = await Attending.OpenAsync(house, "DE"))
        {
            await attending.DeliveryAsync();
            await ExecuteAsync(house, "create trigger fault before insert on event begin select raise(abort, 'the disk gives errors'); end");
        }

        using var after = await Attending.OpenAsync(house, "DE");
        var again = await after.DeliveryAsync();
        await ExecuteAsync(house, "drop trigger fault");

        Assert.Equal((message, 2u, true), (again.Envelope, again.Attempt, again.PossibleDuplicate));
        house.Logs.Forget();
        await after.RecordAsync(again);
        Assert.Equal([("receipt", 2u)], (await after.EventsAsync(message)).OfType<Attempted>().Select(e => (e.EndedBy, e.Attempt)));
    }

    [Fact]
    public async Task A_plan_that_could_not_be_written_while_lanes_were_given_back_closes_none_of_them()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        foreach (var precedence in (Precedence[])[Precedence.Routine, Precedence.Flash])
            await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Precedence = precedence));
        using (var attending = await Attending.OpenAsync(house, "DE"))
        {
            await attending.DeliveriesAsync(2);
            await ExecuteAsync(house, "create trigger fault before update on row begin select raise(abort, 'the disk gives errors'); end", "plan.db");
        }

        // Its Welcome means that the one before has ended.
        using var after = await Attending.OpenAsync(house, "DE");
        await ExecuteAsync(house, "drop trigger fault", "plan.db");
        var again = await after.DeliveriesAsync(2);

        Assert.All(again, delivery => Assert.Equal((2u, true), (delivery.Attempt, delivery.PossibleDuplicate)));
        Assert.Equal(2, again.Select(delivery => after.StreamOf(delivery.Envelope)).Distinct().Count());
        house.Logs.Forget();
    }

    private static async Task ExecuteAsync(House house, string sql, string file = "events.db")
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(house.Options.DataFolder, file)};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
