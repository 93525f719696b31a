using MessageBackbone.EventLog;

namespace MessageBackbone.Node.Projecting;

/// <summary>A follower of another room as operations see it: the host says where it stands.</summary>
internal sealed class ObservedFollower(string name, Func<LogPosition> position, Func<string> state) : IFollower
{
    public string Name => name;

    public LogPosition Position => position();

    public string State => state();
}
