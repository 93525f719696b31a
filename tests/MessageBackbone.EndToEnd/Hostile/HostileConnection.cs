using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Google.Protobuf;

namespace MessageBackbone.EndToEnd.Hostile;

/// <summary>Connections to the node on which bytes are written that no HTTP library would send; a new one each time.</summary>
internal sealed class HostileConnection(Uri node, SslClientAuthenticationOptions tls)
{
    private const byte Data = 0, Headers = 1, Settings = 4, EndHeaders = 4;

    private static readonly byte[] Preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [])];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A proper beginning, then data on stream 0, which RFC 9113 knows no way to go on after.</summary>
    public static byte[] GarbageFrame() => [.. Preface, .. Frame(Data, 0xff, 0, Encoding.UTF8.GetBytes(Guid.NewGuid().ToString()))];

    /// <summary>A call whose message announces its whole length, and half of its bytes.</summary>
    public static byte[] HalfACall(string path, IMessage message)
    {
        var bytes = message.ToByteArray();
        var data = new byte[5 + (bytes.Length / 2)];
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(1), bytes.Length);
        bytes.AsSpan(0, bytes.Length / 2).CopyTo(data.AsSpan(5));
        // HPACK, RFC 7541 appendix A: 3 is POST, 7 is https; 1, 4 and 31 are the names :authority, :path and content-type.
        byte[] headers =
        [
            0x83, 0x87, 0x01, .. Text("127.0.0.1"), 0x04, .. Text(path), 0x0f, 31 - 15, .. Text("application/grpc"), 0x00, .. Text("te"), .. Text("trailers"),
        ];
        return [.. Preface, .. Frame(Headers, EndHeaders, 1, headers), .. Frame(Data, 0, 1, data)];
    }

    /// <summary>Writes, and reads until the node closes the connection.</summary>
    public Task ClosesAsync(byte[] bytes) => RunAsync(bytes, async stream =>
    {
        var buffer = new byte[1024];
        while (await stream.ReadAsync(buffer, Cancel) > 0)
        {
            continue; // the settings that a server begins with, and what it says for goodbye
        }
    });

    /// <summary>Writes, waits for a sign of life and is gone without a word.</summary>
    public Task LeaveAsync(byte[] bytes) => RunAsync(bytes, async stream => Assert.NotEqual(0, await stream.ReadAsync(new byte[1024], Cancel)));

    private async Task RunAsync(byte[] bytes, Func<SslStream, Task> andThen)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(node.Host, node.Port, Cancel);
        await using var stream = new SslStream(client.GetStream());
        try
        {
            await stream.AuthenticateAsClientAsync(tls, Cancel);
            await stream.WriteAsync(bytes, Cancel);
            await andThen(stream);
        }
        catch (Exception closed) when (closed is IOException or AuthenticationException)
        {
            // Reset rather than closed, or turned away in the handshake: gone either way.
            return;
        }
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    // Below 127 bytes, not Huffman-coded.
    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];
}
