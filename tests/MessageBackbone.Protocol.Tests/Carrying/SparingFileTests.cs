using MessageBackbone.Protocol.Carrying;

namespace MessageBackbone.Protocol.Tests.Carrying;

public sealed class SparingFileTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_disk_is_looked_at_with_the_first_byte_and_every_64_MiB()
    {
        var piece = new byte[1 << 20];
        var looks = 0;
        await using var file = new SparingFile(new Swallowing(), () => ++looks, () => 0);
        Assert.Equal(0, looks);

        var seen = new List<int>();
        for (var written = 0; written < 130; written++)
        {
            await file.WriteAsync(piece, Cancel);
            seen.Add(looks);
        }

        Assert.Equal((1, 1, 2, 2, 3), (seen[0], seen[63], seen[64], seen[127], seen[128]));
    }

    [Fact]
    public async Task A_disk_that_grows_full_while_it_is_written_to_ends_it_before_what_is_kept_free_is_used()
    {
        var free = 200L << 20;
        var target = new Swallowing { Wrote = bytes => free -= bytes };
        await using var file = new SparingFile(target, () => free, () => 100L << 20);

        await Assert.ThrowsAsync<DiskKeptFreeException>(async () =>
        {
            while (true) await file.WriteAsync(new byte[1 << 20], Cancel);
        });

        Assert.InRange(free, (100L << 20) - SparingFile.LookedAtEvery, 100L << 20);
        Assert.Throws<DiskKeptFreeException>(() => file.Write(new byte[1 << 20]));
        await Assert.ThrowsAsync<DiskKeptFreeException>(() => file.WriteAsync(new byte[10], Cancel).AsTask());
    }

    [Fact]
    public async Task Everything_else_is_the_file_itself()
    {
        using var memory = new MemoryStream();
        await using (var file = new SparingFile(memory, () => 1, () => 0))
        {
            await file.WriteAsync("abc"u8.ToArray(), Cancel);
            file.Write("def"u8);
            await file.FlushAsync(Cancel);
            file.Position = 1;
            var read = new byte[2];
            Assert.Equal((6, true, true, true), (file.Length, file.CanRead, file.CanSeek, file.CanWrite));
            await file.ReadExactlyAsync(read, Cancel);
            Assert.Equal("bc"u8.ToArray(), read);
            Assert.Equal(5, file.Seek(-1, SeekOrigin.End));
            Assert.Equal('f', file.ReadByte());
        }

        Assert.False(memory.CanWrite);
    }

    private sealed class Swallowing : MemoryStream
    {
        public Action<int> Wrote { get; init; } = static _ => { };

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Wrote(buffer.Length);
            return ValueTask.CompletedTask;
        }
    }
}
