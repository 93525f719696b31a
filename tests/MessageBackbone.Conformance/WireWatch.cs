using System.Buffers.Binary;

namespace MessageBackbone.Conformance;

/// <summary>What one side of a connection saw pass: bytes and pings of HTTP/2. Counts may be read and awaited from anywhere.</summary>
internal sealed class WireWatch
{
    private readonly Lock sync = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> waiting = [];
    private long received;
    private long sent;
    private int pings;

    public long Received => Interlocked.Read(ref received);

    public long Sent => Interlocked.Read(ref sent);

    /// <summary>Ends when so many pings have come in, answers to our own included.</summary>
    public Task PingsAsync(int count)
    {
        lock (sync)
        {
            if (pings >= count)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add((count, reached));
            return reached.Task;
        }
    }

    public void AddSent(int bytes) => Interlocked.Add(ref sent, bytes);

    public void AddReceived(int bytes) => Interlocked.Add(ref received, bytes);

    public void AddPing()
    {
        lock (sync)
        {
            pings++;
            foreach (var (count, reached) in waiting)
            {
                if (pings >= count)
                    reached.TrySetResult();
            }
        }
    }
}

/// <summary>Follows the frames of one direction, however its bytes are cut.</summary>
internal sealed class FrameScanner(WireWatch watch, int preface)
{
    /// <summary>What a client sends before its first frame.</summary>
    public const int ClientPreface = 24;

    private const int HeaderSize = 9;
    private const byte Ping = 6;

    private readonly byte[] header = new byte[HeaderSize];
    private int inHeader;
    private int toSkip = preface;

    public void Scan(ReadOnlySpan<byte> bytes)
    {
        watch.AddReceived(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (toSkip > 0)
            {
                var skipped = Math.Min(toSkip, bytes.Length);
                toSkip -= skipped;
                bytes = bytes[skipped..];
                continue;
            }

            var taken = Math.Min(HeaderSize - inHeader, bytes.Length);
            bytes[..taken].CopyTo(header.AsSpan(inHeader));
            inHeader += taken;
            bytes = bytes[taken..];
            if (inHeader < HeaderSize)
                return;
            inHeader = 0;
            toSkip = BinaryPrimitives.ReadInt32BigEndian(header) >>> 8;
            if (header[3] == Ping)
                watch.AddPing();
        }
    }
}
