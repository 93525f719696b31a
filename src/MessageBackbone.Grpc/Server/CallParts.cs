using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using MessageBackbone.GrpcWire;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.GrpcServer;

// One write at a time, and one end: the method's return and the deadline's timer race for it.
internal sealed class WriteGate
{
    private const int Idle = 0;
    private const int Writing = 1;
    private const int Ended = 2;
    private const int EndsAfterWrite = 3;

    private int state;

    internal enum Ending
    {
        Now,
        AfterWrite,
        Already,
    }

    public bool IsEnded => Volatile.Read(ref state) >= Ended;

    public void Begin()
    {
        if (Interlocked.CompareExchange(ref state, Writing, Idle) != Idle)
            throw new InvalidOperationException("The last write is not over: await each write before the next.");
    }

    // False where the call was ended meanwhile and this writer has to send the end.
    public bool End() => Interlocked.CompareExchange(ref state, Idle, Writing) == Writing || Interlocked.Exchange(ref state, Ended) != EndsAfterWrite;

    public Ending TryEnd()
    {
        if (Interlocked.CompareExchange(ref state, Ended, Idle) == Idle)
            return Ending.Now;
        return Interlocked.CompareExchange(ref state, EndsAfterWrite, Writing) == Writing ? Ending.AfterWrite : Ending.Already;
    }
}

// The clock of one call. Its token also fires when the client goes away.
internal sealed class CallDeadline : IAsyncDisposable
{
    private readonly CancellationTokenSource source;
    private readonly TimeProvider time;
    private readonly TimeSpan timeout;
    private readonly Action passed;
    private ITimer? timer;
    private volatile bool hasPassed;

    public CallDeadline(TimeSpan timeout, TimeProvider time, Action passed, CancellationToken aborted)
    {
        this.timeout = timeout;
        this.time = time;
        this.passed = passed;
        var now = time.GetUtcNow().UtcDateTime;
        Utc = timeout < DateTime.MaxValue - now ? now + timeout : DateTime.MaxValue;
        source = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        Token = source.Token;
    }

    public DateTime Utc { get; }

    public CancellationToken Token { get; }

    public bool HasPassed => hasPassed;

    public void Arm()
    {
        if (timeout <= GrpcTimeout.LongestTimer)
            timer = time.CreateTimer(static state => ((CallDeadline)state!).Pass(), this, timeout, Timeout.InfiniteTimeSpan);
    }

    public async ValueTask DisposeAsync()
    {
        if (timer is not null)
            await timer.DisposeAsync();
        source.Dispose();
    }

    private void Pass()
    {
        hasPassed = true;
        passed();
        source.Cancel();
    }
}

internal sealed class PropagatedContext(DateTime? deadline, CancellationToken cancellationToken) : ContextPropagationToken
{
    public DateTime? Deadline { get; } = deadline;

    public CancellationToken CancellationToken { get; } = cancellationToken;
}

internal static class RequestMetadata
{
    public static Metadata Read(IHeaderDictionary headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers)
        {
            if (WireMetadata.IsReserved(name))
                continue;
            foreach (var value in values)
                WireMetadata.Add(metadata, name, value);
        }

        return metadata;
    }
}

internal static class PeerNames
{
    private const string CommonName = "x509_common_name";
    private const string AlternativeName = "x509_subject_alternative_name";

    public static string Of(ConnectionInfo connection) => connection.RemoteIpAddress switch
    {
        null => "unknown",
        { IsIPv4MappedToIPv6: true } address => $"ipv4:{address.MapToIPv4()}:{connection.RemotePort}",
        { AddressFamily: AddressFamily.InterNetwork } address => $"ipv4:{address}:{connection.RemotePort}",
        IPAddress address => $"ipv6:[{address}]:{connection.RemotePort}",
    };

    public static AuthContext Authentication(X509Certificate2? certificate)
    {
        var properties = new Dictionary<string, List<AuthProperty>>(StringComparer.Ordinal);
        if (certificate is null)
            return new AuthContext(null, properties);
        if (certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } common)
            properties[CommonName] = [AuthProperty.Create(CommonName, Encoding.UTF8.GetBytes(common))];
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames())
            .Select(name => AuthProperty.Create(AlternativeName, Encoding.UTF8.GetBytes(name))).ToList();
        if (alternatives.Count > 0)
            properties[AlternativeName] = alternatives;
        return new AuthContext(alternatives.Count > 0 ? AlternativeName : properties.Keys.FirstOrDefault(), properties);
    }
}
