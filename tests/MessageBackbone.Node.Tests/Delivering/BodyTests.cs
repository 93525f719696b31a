using System.Security.Cryptography;
using Google.Protobuf;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class BodyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_above_64_KiB_is_fetched_by_its_hash_by_recipient_and_sender_and_by_nobody_else()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var message = Compose(house, 200_000);
        await house["FR"].SubmitAsync(message);
        using var attending = await Attending.OpenAsync(house, "DE");

        var delivery = await attending.DeliveryAsync();

        Assert.Equal((message.Header, ByteString.Empty), (delivery.Envelope.Header, delivery.Envelope.Body));
        var header = house["DE"].HeaderOf(delivery.Envelope);
        Assert.Equal((ulong)message.Body.Length, header.BodySize);
        foreach (var party in (string[])["DE", "FR"])
        {
            Assert.Equal(message.Body, await DownloadAsync(house[party], header.MessageId, header.BodySha256, 0));
            var rest = await DownloadAsync(house[party], header.MessageId, header.BodySha256, 150_000);
            Assert.Equal(message.Body.ToByteArray()[150_000..], rest.ToByteArray());
        }

        // In the same words as for what does not exist.
        var foreign = await Refused.ForAsync(Reasons.UnknownMessage, () => DownloadAsync(house["ES"], header.MessageId, header.BodySha256, 0));
        var random = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32));
        var nothing = await Refused.ForAsync(Reasons.UnknownMessage, () => DownloadAsync(house["ES"], header.MessageId, random, 0));
        Assert.Equal((foreign.Text, foreign.RetryAfter), (nothing.Text, nothing.RetryAfter));
        await attending.RecordAsync(delivery);
        // It stays to be had after the receipt: the gateway may have lost its disk.
        Assert.Equal(message.Body, await DownloadAsync(house["DE"], header.MessageId, header.BodySha256, 0));
    }

    [Fact]
    public async Task The_body_is_inline_up_to_exactly_the_limit()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = Compose(house, 1_000);
        house.Options.Delivering.InlineBytes = message.Body.Length;
        await house["FR"].SubmitAsync(message);
        using (var attending = await Attending.OpenAsync(house, "DE"))
            Assert.Equal(message.Body, (await attending.DeliveryAsync()).Envelope.Body);

        house.Options.Delivering.InlineBytes--;
        using var after = await Attending.OpenAsync(house, "DE");
        Assert.Empty((await after.DeliveryAsync()).Envelope.Body);
        Assert.Equal(64 * 1024, new Node.Delivering.DeliveringOptions().InlineBytes);
    }

    [Fact]
    public async Task A_body_that_the_store_lost_holds_up_nothing_but_its_own_delivery()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var (lost, next) = (Compose(house, 1_000), Compose(house, 1_000));
        foreach (var message in (Envelope[])[lost, next]) await house["FR"].SubmitAsync(message);
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(house.Options.DataFolder, "content.db")};Pooling=False"))
        {
            await connection.OpenAsync(Cancel);
            await using var command = connection.CreateCommand();
            command.CommandText = "delete from body where sha256 = $1";
            command.Parameters.AddWithValue("$1", house["FR"].HeaderOf(lost).BodySha256.ToByteArray());
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
        }

        using var attending = await Attending.OpenAsync(house, "DE");
        var (without, complete) = (await attending.DeliveryAsync(), await attending.DeliveryAsync());

        Assert.Equal((lost.Header, ByteString.Empty), (without.Envelope.Header, without.Envelope.Body));
        Assert.Equal(next, complete.Envelope);
        await attending.RecordAsync(complete);
        Assert.Contains("is not in the content store", Assert.Single(house.Logs.Errors), StringComparison.Ordinal);
        house.Logs.Forget();
    }

    private static Envelope Compose(House house, int bytes)
    {
        var data = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(bytes));
        house["FR"].Content = new SealedContent { Data = data, MediaType = "application/octet-stream" };
        return house["FR"].Compose(house["DE"]);
    }

    private static async Task<ByteString> DownloadAsync(Party party, string messageId, ByteString sha256, ulong offset)
    {
        using var call = party.Exchange.DownloadContent(
            new ContentRequest { MessageId = messageId, Sha256 = sha256, Offset = offset }, cancellationToken: Cancel);
        using var bytes = new MemoryStream();
        while (await call.ResponseStream.MoveNext(Cancel)) call.ResponseStream.Current.Data.WriteTo(bytes);
        return ByteString.CopyFrom(bytes.ToArray());
    }
}
