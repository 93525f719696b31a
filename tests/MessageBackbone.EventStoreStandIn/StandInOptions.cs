using System.Security.Cryptography.X509Certificates;
using MessageBackbone.EventStoreStandIn.Storing;

namespace MessageBackbone.EventStoreStandIn;

/// <summary>How a stand-in is started.</summary>
public sealed record StandInOptions
{
    /// <summary>What it holds; with the same store again it is the same server started again, or another node of its cluster. Null: a new one in memory.</summary>
    public StandInStore? Store { get; init; }

    /// <summary>The cluster that it joins; the first node leads. Null: it is alone.</summary>
    public StandInCluster? Cluster { get; init; }

    /// <summary>0: one that is free.</summary>
    public int Port { get; init; }

    /// <summary>With it the stand-in speaks TLS alone.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Empty: who calls does not matter, as with the server's <c>--insecure</c>.</summary>
    public IReadOnlyList<StandInUser> Users { get; init; } = [];

    /// <summary><c>--max-append-size</c>. The server's own default is 1,048,576.</summary>
    public int MaxAppendSize { get; init; } = 16_000_000;

    /// <summary>How long a batched append may take from its first message to its last. The server's own default is 2 s, which a busy machine may need.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>For deadlines and the age of events.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>A user by name and password.</summary>
/// <param name="IsAdministrator">Others read and append streams and may not read <c>$all</c>.</param>
public sealed record StandInUser(string Name, string Password, bool IsAdministrator = true);
