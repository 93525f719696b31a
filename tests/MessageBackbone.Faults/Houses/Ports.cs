using System.Net;
using System.Net.Sockets;

namespace MessageBackbone.Faults.Houses;

internal static class Ports
{
    /// <summary>
    /// Below the range from which the system gives ports to clients: a part that was killed must find its port free when it comes back.
    /// </summary>
    public static int Free()
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            var port = Random.Shared.Next(20_000, 32_000);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                continue;
            }
        }
    }
}
