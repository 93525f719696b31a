using MessageBackbone.Node.Dashboard.Reading;

namespace MessageBackbone.Node.Tests.Dashboard;

public sealed class RateUnitTests
{
    [Theory]
    [InlineData(0.0, "second", 0.0)]
    [InlineData(250.0, "second", 250.0)]
    [InlineData(1.0, "second", 1.0)]
    [InlineData(0.5, "minute", 30.0)]
    [InlineData(0.001, "hour", 3.6)]
    [InlineData(0.00001, "hour", 0.036)]
    public void The_busiest_point_says_what_rates_are_told_per(double busiest, string unit, double shown)
    {
        ChartPoint[] points = [Point(busiest / 4, busiest / 2, busiest), Point(0, 0, 0)];

        var told = RateUnit.Of(points);

        Assert.Equal(unit, told.Name);
        Assert.Equal(shown, points[0].Per(told).Ended, 9);
        Assert.Equal(shown / 4, points[0].Per(told).Accepted, 9);
    }

    [Fact]
    public void Of_no_points_rates_are_per_second() => Assert.Equal("second", RateUnit.Of([]).Name);

    private static ChartPoint Point(double accepted, double delivered, double ended) => new(DateTime.UnixEpoch, accepted, delivered, ended, null, null);
}
