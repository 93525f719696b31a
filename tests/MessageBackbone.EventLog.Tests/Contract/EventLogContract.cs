namespace MessageBackbone.EventLog.Tests.Contract;

/// <summary>The whole contract of <see cref="IEventLog"/>: derive one class an adapter, and it is under every test.</summary>
public abstract class EventLogContract : AppendContract;
