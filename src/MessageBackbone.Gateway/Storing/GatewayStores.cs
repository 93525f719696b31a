using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;

namespace MessageBackbone.Gateway.Storing;

/// <summary>Makes the stores of what is sent and received, over the gateway's one database.</summary>
internal sealed record GatewayStores
{
    public Func<GatewayDatabase, OutboxStore> Outbox { get; init; } = static database => new OutboxStore(database);

    public Func<GatewayDatabase, InboxStore> Inbox { get; init; } = static database => new InboxStore(database);
}
