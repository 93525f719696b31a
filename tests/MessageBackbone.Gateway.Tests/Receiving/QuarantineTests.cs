using System.Globalization;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using OperationsClient = MessageBackbone.V1.OperationsService.OperationsServiceClient;

namespace MessageBackbone.Gateway.Tests.Receiving;

/// <summary>A message that cannot be processed is kept apart, and nothing else stops for it.</summary>
public sealed class QuarantineTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_conversation_waits_for_its_message_that_cannot_be_processed_and_goes_on_in_order_after_the_release()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        house.Logs.Expect(line => line.Text.Contains("could not be fetched: UNKNOWN_MESSAGE", StringComparison.Ordinal));
        var operations = await OperatorAsync(house);
        var france = await house.AttendAsync("FR");
        var first = await france.SendAsync("DE", "1");
        await france.AcceptedAsync(first);
        var second = await InAsync(france, first, "2");
        var body = await TakeBodyAsync(house, second);
        var germany = await house.AttendAsync("DE");

        var apart = await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message == second);
        Assert.Equal(DeliveryOutcome.Quarantined, apart.Outcome);
        Assert.Equal((DeliveryOutcome.Quarantined, Reasons.BodyNotServed), Outcome(await germany.ReceivesAsync(second)));
        var third = await InAsync(france, first, "3");
        var fourth = await InAsync(france, first, "4", Precedence.Flash);
        var other = await france.SendAsync("DE", "of another conversation");
        Assert.Equal(DeliveryOutcome.Delivered, (await germany.ReceivesAsync(other)).Outcome);
        var listed = Assert.Single((await operations.ListQuarantineAsync(new ListQuarantineRequest(), cancellationToken: Cancel)).Deliveries);
        Assert.Equal((second.Value, "FR", first.Value, Reasons.BodyNotServed, 2ul),
            (listed.MessageId, listed.From, listed.ConversationId, listed.Reason, listed.WaitingBehind));
        Assert.DoesNotContain(germany.Seen.OfType<GatewayEvent.Received>(), r => r.Message == third || r.Message == fourth);
        Assert.Equal(1, germany.Parts.Inbox.CountApart());

        await PutBodyAsync(house, body);
        await ReleaseAsync(operations, second);

        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message == fourth);
        MessageId[] conversation = [first, second, third, fourth];
        Assert.Equal(conversation, germany.Seen.OfType<GatewayEvent.Received>()
            .Where(r => r.Outcome == DeliveryOutcome.Delivered && conversation.Contains(r.Message)).Select(r => r.Message));
        Assert.Equal(("2", 0), ((await germany.Host.OpenAsync(second, "officer-1", Cancel))!.Content.Text, (int)germany.Parts.Inbox.CountApart()));
        house.Node.Logs.Forget(); // the node says that it lost a body, each time
    }

    [Fact]
    public async Task A_message_that_the_store_does_not_take_is_kept_apart_and_delivered_after_its_release()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        var germany = await house.AttendAsync("DE");
        var france = await house.AttendAsync("FR");
        await StoreAsync(germany, "CREATE TRIGGER poison BEFORE INSERT ON inbox WHEN new.reference = 'POISON' AND new.outcome = 1 "
            + "BEGIN SELECT RAISE(ABORT, 'not this one'); END");

        var poison = await france.SendAsync("DE", "Geheimnis", reference: "POISON");
        var next = await france.SendAsync("DE");

        Assert.Equal((DeliveryOutcome.Quarantined, Reasons.CannotStore), Outcome(await germany.ReceivesAsync(poison)));
        Assert.Equal(DeliveryOutcome.Delivered, (await germany.ReceivesAsync(next)).Outcome);
        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message == poison);
        Assert.Null(await germany.Host.OpenAsync(poison, "officer-1", Cancel));
        Assert.Single(germany.Seen.OfType<GatewayEvent.Attendance>(), a => a.Attending); // it never ended for it
        Assert.Equal(3, house.Logs.Lines.Count(line => line.Text.Contains($"Processing {poison} failed", StringComparison.Ordinal)));
        house.Logs.AssertNowhere("Geheimnis", "not this one");

        await ReleaseAsync(operations, poison); // still poison: kept apart again, by a new receipt
        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(2, r => r.Message == poison);
        Assert.Equal(2, await house.Node.CountAsync("delivery.quarantined.v1"));
        await StoreAsync(germany, "DROP TRIGGER poison");
        await ReleaseAsync(operations, poison);

        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message == poison && r.Outcome == DeliveryOutcome.Delivered);
        Assert.Equal("Geheimnis", (await germany.Host.OpenAsync(poison, "officer-1", Cancel))!.Content.Text);
        Assert.Equal(2, germany.Parts.Inbox.Count().Shown);
    }

    private static (DeliveryOutcome, string) Outcome(GatewayEvent.Received received) => (received.Outcome, received.Reason);

    private static async Task<OperationsClient> OperatorAsync(GatewayHouse house) =>
        new((await house.Node.AddAsync(new Holder(HolderRole.Operator, "operator-1"))).Channel);

    private static async Task<MessageId> InAsync(RunningGateway sender, MessageId first, string text, Precedence precedence = Precedence.Routine)
    {
        var id = await sender.SendAsync(new Draft { To = ["DE"], Text = text, Precedence = precedence, ConversationId = first.Value });
        await sender.AcceptedAsync(id);
        return id;
    }

    // The plan follows the log: what was recorded a moment ago may not be in it yet.
    private static async Task ReleaseAsync(OperationsClient operations, MessageId message)
    {
        while ((await operations.ListQuarantineAsync(new ListQuarantineRequest(), cancellationToken: Cancel)).Deliveries.All(d => d.MessageId != message.Value))
            await Task.Yield();
        await operations.ReleaseQuarantineAsync(
            new ReleaseQuarantineRequest { Bureau = "DE", MessageId = message.Value, Action = QuarantineAction.Release }, cancellationToken: Cancel);
    }

    private static async Task<List<object[]>> TakeBodyAsync(GatewayHouse house, MessageId message)
    {
        var header = MessageHeader.Parser.ParseFrom(house["FR"].Read((await AcceptedAsync(house, message)).Header).Content.Span);
        await using var connection = await ContentAsync(house);
        await using var command = connection.CreateCommand();
        command.CommandText = "delete from body where sha256 = $1 returning *";
        command.Parameters.AddWithValue("$1", header.BodySha256.ToByteArray());
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var rows = new List<object[]>();
        while (await reader.ReadAsync(Cancel))
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }
        Assert.Single(rows);
        return rows;
    }

    private static async Task PutBodyAsync(GatewayHouse house, List<object[]> rows)
    {
        await using var connection = await ContentAsync(house);
        await using var command = connection.CreateCommand();
        command.CommandText = $"insert into body values ({string.Join(", ", rows[0].Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"${i + 1}")))})";
        for (var i = 0; i < rows[0].Length; i++) command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"${i + 1}"), rows[0][i]);
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
    }

    private static async Task<Accepted> AcceptedAsync(GatewayHouse house, MessageId message) => Accepted.Parser.ParseFrom(
        (await house.Node.ReadAsync(EventLog.StreamId.Message(message.Value)))[0].Data.Span);

    private static Task<SqliteConnection> ContentAsync(GatewayHouse house) => OpenAsync(Path.Combine(house.Node.Options.DataFolder, "content.db"));

    private static async Task StoreAsync(RunningGateway gateway, string sql)
    {
        await using var connection = await OpenAsync(Path.Combine(gateway.Options.DataFolder, "gateway.db"));
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of these tests
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task<SqliteConnection> OpenAsync(string file)
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync(Cancel);
        return connection;
    }
}
