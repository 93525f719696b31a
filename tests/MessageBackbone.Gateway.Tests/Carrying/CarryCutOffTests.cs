using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Tests.LocalApi;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Gateway.Tests.Carrying;

/// <summary>Imports that a crash or a failing store ends in the middle: the same file is brought again, and nothing is missing or there twice.</summary>
public sealed class CarryCutOffTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_whose_import_was_cut_off_is_imported_again_and_nothing_is_there_twice()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        var id = await france.SendAsync("DE");
        await house["DE"].SubmitAsync(house["DE"].Compose(house["FR"]));
        var file = await Courier.ExportAsync(france);
        // As a node that was killed between the message and the end of the file: the message is in the log, the file is not.
        var signed = france.Parts.Outbox.Read(france.Parts.Outbox.Find(id.Value)!.Row).Signed;
        await house["FR"].SubmitAsync(new Envelope { Header = ByteString.CopyFrom(signed.Header), Body = ByteString.CopyFrom(signed.Body) });

        var brought = await courier.ToNodeAsync(file);

        Assert.Equal((0ul, 1ul, false), (brought.Taken, brought.Repeated, brought.AlreadyImported));
        Assert.Equal(2, await house.Node.CountAsync("message.accepted.v1"));
        var (answers, _) = await courier.FromNodeAsync("FR");
        await Courier.TakeAsync(france, answers);
        // As a gateway that was killed before its last step: everything is stored but that the file is taken.
        await france.DisposeAsync();
        await ForgetTakenAsync(house, "FR", 2);
        await using var after = await Courier.WithoutLineAsync(house, "FR");
        var repeated = await Courier.TakeAsync(after, answers);

        Assert.Equal((0ul, 1ul, false), (repeated.Taken, repeated.Repeated, repeated.AlreadyImported));
        Assert.Single(after.Parts.Inbox.List(new InboxQuery()));
        Assert.Equal(0, after.Parts.Queue.Messages);
        Assert.Equal(1ul, (await courier.ToNodeAsync(after)).Receipts);
    }

    [Theory]
    [InlineData("new.type = 'carry.imported.v1'", true)]
    [InlineData("new.type = 'message.accepted.v1' and (select count(*) from event where type = 'message.accepted.v1') >= 2", false)]
    public async Task A_node_that_cannot_write_on_takes_the_file_when_it_is_brought_again(string when, bool all)
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        for (var i = 0; i < 4; i++) await france.SendAsync("DE");
        var file = await Courier.ExportAsync(france);
        var log = Path.Combine(house.Node.Options.DataFolder, "events.db");

        await ExecuteAsync(log, $"create trigger fault before insert on event when {when} begin select raise(abort, 'the disk gives errors'); end");
        var fault = await Assert.ThrowsAsync<RpcException>(() => courier.ToNodeAsync(file));
        await ExecuteAsync(log, "drop trigger fault");

        Assert.Equal("STORE_UNAVAILABLE", NodeRefusal.Of(fault)?.Reason);
        var recorded = await house.Node.CountAsync("message.accepted.v1");
        Assert.Equal((all, 0), (recorded == 4, await house.Node.CountAsync("carry.imported.v1")));
        house.Node.Logs.Forget();
        var brought = await courier.ToNodeAsync(file);
        Assert.Equal((4ul - (ulong)recorded, (ulong)recorded, 0ul), (brought.Taken, brought.Repeated, brought.Refused));
        Assert.Equal((4, 1), (await house.Node.CountAsync("message.accepted.v1"), await house.Node.CountAsync("carry.imported.v1")));
        await courier.ToBureauAsync(france);
        Assert.Equal(0, france.Parts.Queue.Messages);
    }

    [Fact]
    public async Task The_local_api_writes_hands_out_and_takes_files_and_says_when_the_gateway_cannot_store()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        house.Logs.Expect(line => line.Event.Id == 80);
        var courier = await Courier.OfAsync(house);
        for (var i = 0; i < 3; i++) await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        var germany = await Courier.WithoutLineAsync(house, "DE", o => (o.QuarantineInARow, o.QuarantineAfter) = (1, 1));
        using var client = new LocalClient(germany);
        var (file, _) = await courier.FromNodeAsync("DE");
        var store = Path.Combine(germany.Options.DataFolder, "gateway.db");

        await ExecuteAsync(store, "create trigger poison before insert on inbox when new.outcome = 1 begin select raise(abort, 'no'); end");
        var heldUp = await ImportAsync(client, file);
        await ExecuteAsync(store, "drop trigger poison");

        Assert.Equal((503, "STORE_UNAVAILABLE"), (heldUp.Status, heldUp.Reason));
        Assert.Equal("3", (await ImportAsync(client, file)).Json.GetProperty("messages")[0].GetProperty("count").ToString());
        Assert.Equal(3, germany.Parts.Inbox.List(new InboxQuery()).Count);
        Assert.Equal("True", (await ImportAsync(client, file))["already_imported"]);
        var written = await client.PostAsync("/carry/export", new { });
        Assert.Equal((200, "1", "3"), (written.Status, written["number"], written["receipts"]));
        Assert.Equal((200, "application/octet-stream"), await KindAsync(client, "/carry/files/1"));
        Assert.Equal(written["sha256"], (await client.PostAsync("/carry/export?again=1", new { }))["sha256"]);
        Assert.Equal(404, (await client.GetAsync("/carry/files/2")).Status);
        Assert.Equal(404, (await client.PostAsync("/carry/export?again=2", new { })).Status);
        Assert.Equal(["most"], (await client.PostAsync("/carry/export?most=-1", new { })).Fields);
        Assert.Equal((422, "MALFORMED"), Problem(await ImportAsync(client, [1, 2, 3])));
        Assert.Equal((415, "MEDIA_TYPE"), Problem(await client.PostAsync("/carry/import", new { })));
        Assert.Contains(germany.Parts.Audit.Read(50), row => row is { Action: "carry-import", Outcome: "taken" });
    }

    private static (int, string?) Problem(LocalAnswer answer) => (answer.Status, answer.Reason);

    private static async Task<(int, string)> KindAsync(LocalClient client, string path)
    {
        var answer = await client.GetAsync(path);
        return (answer.Status, answer.MediaType);
    }

    private static Task<LocalAnswer> ImportAsync(LocalClient client, byte[] file)
    {
        var content = new ByteArrayContent(file);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return client.SendAsync(HttpMethod.Post, "/carry/import", content);
    }

    private static async Task ExecuteAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task ForgetTakenAsync(GatewayHouse house, string bureau, int number)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(house.FolderOf(bureau), "gateway.db")};Pooling=False");
        await database.OpenAsync(Cancel);
        await using var command = database.CreateCommand();
        command.CommandText = "DELETE FROM carried WHERE direction = 2 AND number = $number";
        command.Parameters.AddWithValue("$number", number);
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
    }
}
