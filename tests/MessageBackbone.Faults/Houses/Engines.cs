namespace MessageBackbone.Faults.Houses;

/// <summary>What a house has behind its node besides files.</summary>
/// <param name="RabbitMq">A broker; else references travel in memory.</param>
/// <param name="EventStore">The program of an EventStoreDB server, for the event log; empty: it is a file of the node.</param>
internal sealed record Engines(bool RabbitMq, string EventStore = "")
{
    public bool LogServer => EventStore.Length > 0;

    /// <summary>As the runner's command line names them.</summary>
    public string Arguments => $"{(RabbitMq ? "" : " --in-memory")}{(LogServer ? $" --eventstore {EventStore}" : "")}";

    /// <summary>In words, for the runner's first line.</summary>
    public override string ToString() => $"{(RabbitMq ? "RabbitMQ" : "in memory")}{(LogServer ? ", the log in an EventStoreDB" : "")}";
}

/// <summary>A server that is no program of ours: it is broken by its process.</summary>
internal interface IServer
{
    Task KillAsync();

    /// <summary>On the same address and folder; returns when it answers.</summary>
    Task StartAgainAsync(CancellationToken cancellationToken);

    Task SuspendAsync();

    Task ResumeAsync();
}
