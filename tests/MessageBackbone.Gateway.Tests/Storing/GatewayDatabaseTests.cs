using MessageBackbone.Gateway.Storing;

namespace MessageBackbone.Gateway.Tests.Storing;

public sealed class GatewayDatabaseTests : IDisposable
{
    private const string Count = "SELECT count(*) FROM facts";
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_written_is_there_after_a_restart()
    {
        await using (var first = GatewayDatabase.Open(_folder.Path)) await first.WriteAsync(s => Put(s, "a"), Cancel);

        await using var second = GatewayDatabase.Open(_folder.Path);

        Assert.Equal(1, second.Read(s => s.First(Count, row => row.GetInt64(0))));
    }

    [Fact]
    public async Task Work_that_throws_fails_only_its_own_caller()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);

        var writes = Enumerable.Range(0, 100).Select(i => i == 50
            ? database.WriteAsync<int>(_ => throw new InvalidOperationException("this one"), Cancel)
            : database.WriteAsync(s => Put(s, $"fact {i}"), Cancel)).ToList();

        await Assert.ThrowsAsync<InvalidOperationException>(() => writes[50]);
        await Task.WhenAll(writes.Where((_, i) => i != 50));
        Assert.Equal(99, database.Read(s => s.First(Count, row => row.GetInt64(0))));
    }

    [Fact]
    public async Task Writes_take_effect_in_the_order_in_which_they_were_handed_in()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var order = new List<int>();

        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => database.WriteAsync(_ =>
        {
            order.Add(i);
            return i;
        }, Cancel)));

        Assert.Equal(Enumerable.Range(0, 500), order);
    }

    [Fact]
    public async Task A_second_gateway_on_the_same_folder_is_refused()
    {
        await using var first = GatewayDatabase.Open(_folder.Path);

        Assert.Throws<IOException>(() => GatewayDatabase.Open(_folder.Path));
    }

    [Fact]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Interoperability", "CA1416", Justification = "The tests run on Linux only")]
    public async Task Only_the_owner_can_read_the_store()
    {
        await using var database = GatewayDatabase.Open(_folder.File("data"));
        await database.WriteAsync(s => Put(s, "a"), Cancel);

        const UnixFileMode Others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.All(System.IO.Directory.GetFiles(_folder.File("data")), f => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(f) & Others));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(_folder.File("data")) & Others);
    }

    [Fact]
    public async Task A_closed_store_says_so()
    {
        var database = GatewayDatabase.Open(_folder.Path);
        await database.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.WriteAsync(s => Put(s, "a"), Cancel));
    }

    private static int Put(SqliteSession session, string name) =>
        session.Execute("INSERT INTO facts (name, value) VALUES ($name, $value)", ("$name", name), ("$value", new byte[] { 1 }));
}
