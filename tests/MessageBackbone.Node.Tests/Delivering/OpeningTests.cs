using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class OpeningTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Welcome_names_the_node_the_house_and_the_log_and_the_directory_shows_the_gateways_contract()
    {
        await using var house = await House.OpenAsync(options => options.House = "IPSG", "DE");

        using var attending = await Attending.OpenAsync(house, "DE");

        Assert.Equal(new Welcome { Node = "node", House = "IPSG", Log = house.Log.Name, Contract = 1 }, attending.Welcome);
        // The level is recorded before Welcome, and folded by the directory right after.
        using var watch = house["DE"].Directory.WatchDirectory(new WatchDirectoryRequest(), cancellationToken: Cancel);
        do
        {
            Assert.True(await watch.ResponseStream.MoveNext(Cancel));
        }
        while (watch.ResponseStream.Current.Bureau is not { Code: "DE", Contract: 1 });

        using var again = await Attending.OpenAsync(house, "DE");
        Assert.Equal(1, await house.CountAsync("bureau.contract-declared.v1"));
    }

    [Fact]
    public async Task The_first_frame_is_Hello_and_every_other_is_refused()
    {
        await using var house = await House.OpenAsync("DE");
        foreach (var first in (FromGateway[])
            [new() { Window = new Window() }, new() { Receipt = new Receipt() }, new() { Cosignature = new Cosignature() }, new()])
        {
            using var attending = Attending.Begin(house, house["DE"]);
            await attending.SendAsync(first);
            Assert.Equal(["hello"], (await attending.EndsAsync(Reasons.FieldInvalid)).Fields);
        }

        using var silent = Attending.Begin(house, house["DE"]);
        await silent.CompleteAsync();
        await silent.EndsAsync(Reasons.FieldInvalid);
        Assert.Empty(house.Node.Services.GetRequiredService<Attendances>().Attending);
    }

    [Fact]
    public async Task Who_does_not_say_Hello_in_time_is_sent_away()
    {
        await using var house = await House.OpenAsync(options => options.Delivering.HelloWithin = TimeSpan.FromMilliseconds(100), "DE");

        using var attending = Attending.Begin(house, house["DE"]);

        Assert.Equal(["hello"], (await attending.EndsAsync(Reasons.FieldInvalid)).Fields);
    }

    [Theory]
    [InlineData("FR")]
    [InlineData("DE-BKA")]
    [InlineData("de")]
    [InlineData("")]
    public async Task Nobody_attends_for_another_bureau(string other)
    {
        await using var house = await House.OpenAsync("FR", "DE", "DE-BKA");
        using var attending = await Attending.OpenAsync(house, "FR");

        using var intruder = Attending.Begin(house, house["DE"]);
        await intruder.SendAsync(new FromGateway { Hello = new Hello { Bureau = other } });

        Assert.Equal(["hello.bureau"], (await intruder.EndsAsync(Reasons.NotYourBureau)).Fields);
        // And who attends in that name goes on.
        var message = house["DE"].Compose(house["FR"]);
        await house["DE"].SubmitAsync(message);
        Assert.Equal(message, (await attending.DeliveryAsync()).Envelope);
    }

    [Theory]
    [InlineData(HolderRole.Auditor)]
    [InlineData(HolderRole.Operator)]
    [InlineData(HolderRole.Secretariat)]
    [InlineData(HolderRole.Node)]
    public async Task Only_bureaus_attend(HolderRole role)
    {
        await using var house = await House.OpenAsync();
        var party = role == HolderRole.Secretariat ? house.Secretariat : await house.AddAsync(new Holder(role, "somebody"));

        // Refused before it can say anything.
        using var attending = Attending.Begin(house, party);

        await attending.EndsAsync(Reasons.RoleRequired);
    }

    [Fact]
    public async Task Frames_that_are_no_frames_end_the_stream_and_nothing_else()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        FromGateway[] wrong =
        [
            new(),
            new() { Hello = new Hello { Bureau = "DE" } },
            // A frame of a contract that this node does not speak.
            FromGateway.Parser.ParseFrom([0x9a, 0x06, 0x00]),
        ];
        for (var i = 0; i < wrong.Length; i++)
        {
            using var attending = await Attending.OpenAsync(house, "DE");
            Assert.Equal((uint)i + 1, (await attending.DeliveryAsync()).Attempt);
            await attending.SendAsync(wrong[i]);
            Assert.Equal(["frame"], (await attending.EndsAsync(Reasons.FieldInvalid)).Fields);
        }

        using var good = await Attending.OpenAsync(house, "DE");
        // Cosignatures are for the ledger; a receipt behind one is read.
        await good.SendAsync(new FromGateway { Cosignature = new Cosignature { Refused = true } });
        await good.RecordAsync(await good.DeliveryAsync());
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 3, 0xff, 0xff, 0xff }, StatusCode.Internal)] // no protobuf
    [InlineData(new byte[] { 9, 0, 0, 0, 3, 1, 2, 3 }, StatusCode.Internal)] // no gRPC frame
    [InlineData(new byte[] { 0, 0xff, 0xff, 0xff, 0xff }, StatusCode.ResourceExhausted)] // 4 GiB are announced
    public async Task Garbage_on_the_stream_ends_it_and_the_lanes_come_back(byte[] garbage, StatusCode status)
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        using var http = new HttpClient(Party.NewHandler(house["DE"].Keys.Tls, house.Anchor, house.Clock));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(house.Node.GrpcAddress, "/backbone.v1.DeliveryService/Attend"))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([.. Framed(new FromGateway { Hello = new Hello { Bureau = "DE" } }), .. garbage]),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.Add(new("trailers"));

        using var response = await http.SendAsync(request, Cancel);
        await response.Content.ReadAsByteArrayAsync(Cancel);

        var ended = response.TrailingHeaders.Concat(response.Headers).Single(header => header.Key == "grpc-status").Value.Single();
        Assert.Equal(((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture), ended);
        using var attending = await Attending.OpenAsync(house, "DE");
        Assert.Equal(message, (await attending.DeliveryAsync()).Envelope);
    }

    private static byte[] Framed(FromGateway frame) => [0, 0, 0, 0, (byte)frame.CalculateSize(), .. frame.ToByteArray()];
}
