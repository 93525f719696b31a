using System.Net;
using System.Net.Sockets;

namespace MessageBackbone.Cli.Running;

internal static class FreePorts
{
    /// <summary>The wanted port of the loopback, or 0 where somebody has it: then the listener takes a free one. Another may take it in between; then the
    /// listener says so.</summary>
    public static int OrAny(int wanted)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, wanted));
            return wanted;
        }
        catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return 0;
        }
    }
}
