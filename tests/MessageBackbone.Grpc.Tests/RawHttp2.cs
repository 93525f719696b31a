using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace MessageBackbone.GrpcTests;

/// <summary>Just enough HTTP/2 to misbehave below the level at which a client library would let us.</summary>
internal sealed class RawHttp2 : IDisposable
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte GoAway = 7;

    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    private readonly TcpClient connection = new();
    private NetworkStream stream = null!;

    public static async Task<RawHttp2> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        var http = new RawHttp2();
        await http.connection.ConnectAsync(address.Host, address.Port, cancellationToken);
        http.stream = http.connection.GetStream();
        await http.stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), cancellationToken);
        await http.SendAsync(Settings, 0, 0, [], cancellationToken);
        return http;
    }

    public async Task SendAsync(byte type, byte flags, int streamId, byte[] payload, CancellationToken cancellationToken)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame, 9);
        await stream.WriteAsync(frame, cancellationToken);
    }

    /// <summary>The headers of a gRPC call, each a literal without indexing.</summary>
    public Task CallAsync(int streamId, string path, byte flags, CancellationToken cancellationToken, params (string Name, string Value)[] more)
    {
        var block = new List<byte>();
        (string, string)[] usual =
        [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers"),
        ];
        foreach (var (name, value) in usual.Concat(more))
        {
            block.Add(0);
            Literal(block, name);
            Literal(block, value);
        }

        return SendAsync(Headers, (byte)(flags | EndHeaders), streamId, [.. block], cancellationToken);
    }

    /// <summary>Reads frames until one of that type; null when the server closed the connection instead.</summary>
    public async Task<byte[]?> UntilAsync(byte type, CancellationToken cancellationToken)
    {
        var head = new byte[9];
        while (true)
        {
            try
            {
                await stream.ReadExactlyAsync(head, cancellationToken);
                var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >>> 8];
                await stream.ReadExactlyAsync(payload, cancellationToken);
                if (head[3] == type)
                    return payload;
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    public Task WriteGarbageAsync(byte[] bytes, CancellationToken cancellationToken) => stream.WriteAsync(bytes, cancellationToken).AsTask();

    public void Dispose() => connection.Dispose();

    private static void Literal(List<byte> block, string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        if (bytes.Length < 127)
        {
            block.Add((byte)bytes.Length);
        }
        else
        {
            block.Add(127);
            var rest = bytes.Length - 127;
            for (; rest >= 128; rest >>= 7)
                block.Add((byte)(rest | 128));
            block.Add((byte)rest);
        }

        block.AddRange(bytes);
    }
}
