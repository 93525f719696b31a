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

    [Fact]
    public async Task A_content_is_full_when_the_largest_record_may_find_no_room_and_never_longer_than_a_file_that_is_taken()
    {
        const int LargestWithLength = CarryFile.LargestRecord + 4;
        using var content = new CarryContent(Stream.Null, mostBytes: LargestWithLength + 10);
        Assert.False(content.IsFull);
        for (var record = 0; record < 2; record++) await content.AddAsync(new CarryRecord { Question = "12345" }, TestContext.Current.CancellationToken);

        Assert.Equal((true, LargestWithLength + 10 - content.Size), (content.IsFull, content.RoomBytes));
        using var small = new CarryContent(Stream.Null, mostBytes: 5);
        await Assert.ThrowsAsync<InvalidOperationException>(() => small.AddAsync(new CarryRecord { Question = "12345" }, TestContext.Current.CancellationToken));
        Assert.Equal(0, small.Size);
        using var usual = new CarryContent(Stream.Null);
        Assert.InRange(usual.RoomBytes, 1, CarryFile.LargestFile - CarryFile.LargestManifest - CarryFile.Mark.Length - 4);
    }
}
