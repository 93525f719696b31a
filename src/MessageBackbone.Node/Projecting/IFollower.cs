using MessageBackbone.EventLog;

namespace MessageBackbone.Node.Projecting;

/// <summary>A reader of the log that operations and health look at: a projection, the plan, the current directory.</summary>
internal interface IFollower
{
    /// <summary>A word, as in <c>backbone ops rebuild NAME</c>; unique in a node.</summary>
    string Name { get; }

    /// <summary>The last event whose effect is durable (or, for a reader in memory, visible).</summary>
    LogPosition Position { get; }

    /// <summary>"running", or why it does not follow, in words for an operator without content, key or name of a person.</summary>
    string State { get; }
}
