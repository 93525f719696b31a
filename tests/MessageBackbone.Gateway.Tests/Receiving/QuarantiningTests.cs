using Grpc.Core;
using MessageBackbone.Gateway.Receiving;
using MessageBackbone.Gateway.Storing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Gateway.Tests.Receiving;

/// <summary>Which faults are a message's own, and how often that is believed.</summary>
public sealed class QuarantiningTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_store_says_of_a_row_concerns_one_message_and_a_full_disk_concerns_all()
    {
        using var folder = new TemporaryFolder();
        await using var database = GatewayDatabase.Open(folder.Path);
        Task<SqliteException> FaultOf(string sql) => Assert.ThrowsAsync<SqliteException>(() => database.WriteAsync(session => session.Execute(sql), Cancel));

        var duplicate = await FaultOf("INSERT INTO facts VALUES ('a', x''), ('a', x'')");
        var tooBig = await FaultOf("INSERT INTO facts VALUES ('b', zeroblob(2000000000))");
        await database.WriteAsync(session => session.Execute("PRAGMA max_page_count = 1"), Cancel);
        var full = await FaultOf("INSERT INTO facts VALUES ('c', zeroblob(1000000))");

        Assert.Equal((true, true, false), (Quarantining.ConcernsOne(duplicate), Quarantining.ConcernsOne(tooBig), Quarantining.ConcernsOne(full)));
        Assert.Equal(13, full.SqliteErrorCode);
    }

    [Fact]
    public async Task A_fault_that_concerns_all_is_not_tried_again_and_quarantines_nothing()
    {
        Exception[] faults =
        [
            new RpcException(new Status(StatusCode.Unavailable, "")), new IOException(), new OperationCanceledException(), new SqliteException("full", 13),
            new SqliteException("I/O", 10), new SqliteException("corrupt", 11), new InsufficientMemoryException(),
        ];
        foreach (var fault in faults)
        {
            var tries = 0;
            var thrown = await Assert.ThrowsAnyAsync<Exception>(() => Room().TryAsync<bool>("id", () => Fail(fault, ref tries), () => true, Cancel));
            Assert.Equal((fault, 1), (thrown, tries));
        }
    }

    [Fact]
    public async Task A_fault_of_one_message_is_tried_so_often_and_then_it_is_kept_apart()
    {
        var tries = 0;
        Assert.True(await Room().TryAsync("id", () => Fail(new InvalidOperationException(), ref tries), () => true, Cancel));
        Assert.Equal(3, tries);

        tries = 0;
        Assert.False(await Room().TryAsync("id", () => ++tries < 3 ? throw new FormatException() : Task.FromResult(false), () => true, Cancel));
    }

    [Fact]
    public void So_many_in_a_row_are_believed_and_no_more_until_one_is_processed()
    {
        var room = Room();
        for (var i = 0; i < 2; i++) room.Count("id", "CANNOT_PROCESS");
        Assert.Throws<QuarantineHaltedException>(() => room.Count("id", "CANNOT_PROCESS"));

        room.Processed();
        room.Count("id", "CANNOT_PROCESS");
    }

    private static Quarantining Room() => new(
        new GatewayOptions { QuarantineInARow = 2, ReconnectFirst = TimeSpan.FromMilliseconds(1) }, TimeProvider.System, NullLogger.Instance);

    private static Task<bool> Fail(Exception fault, ref int tries)
    {
        tries++;
        throw fault;
    }
}
