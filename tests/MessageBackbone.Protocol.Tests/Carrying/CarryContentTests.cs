using MessageBackbone.Protocol.Carrying;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Carrying;

public sealed class CarryContentTests
{
    [Fact]
    public async Task A_content_takes_as_many_records_as_a_reader_does_and_none_more()
    {
        using var content = new CarryContent(Stream.Null, mostRecords: 2);
        Assert.Equal(2ul, content.Room);
        for (var record = 0; record < 2; record++) await content.AddAsync(new CarryRecord { Question = "q" }, TestContext.Current.CancellationToken);

        Assert.Equal(0ul, content.Room);
        await Assert.ThrowsAsync<InvalidOperationException>(() => content.AddAsync(new CarryRecord { Question = "q" }, TestContext.Current.CancellationToken));
        Assert.Equal(2ul, content.Describe(new CarryManifest()).Records);
        using var usual = new CarryContent(Stream.Null);
        Assert.Equal(CarryFile.MostRecords, usual.Room);
    }
}
