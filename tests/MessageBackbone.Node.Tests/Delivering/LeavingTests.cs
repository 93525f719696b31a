using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class LeavingTests
{
    [Fact]
    public async Task A_gateway_that_goes_away_in_the_middle_of_its_attendance_is_no_error()
    {
        await using var house = await House.OpenAsync("FR");

        for (var i = 0; i < 20; i++)
        {
            using var call = new DeliveryService.DeliveryServiceClient(house["FR"].Channel).Attend(cancellationToken: TestContext.Current.CancellationToken);
            await call.RequestStream.WriteAsync(
                new FromGateway { Hello = new Hello { Bureau = "FR", Contract = 1 } }, TestContext.Current.CancellationToken);
            Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            Assert.NotNull(call.ResponseStream.Current.Welcome);
        }

        // Stopping waits for the calls, so whatever they logged is there.
        await house.Node.StopAsync();
        Assert.Empty(house.Logs.Errors);
    }
}
