using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>What the log says that somebody is to be told is told in a message whose id is that of the event; and nothing else is told.</summary>
internal static class Notices
{
    public static void Judge(Ends ends, Damage damage)
    {
        var told = ends.Log.Messages.Where(message => Kinds.IsReport(message.Kind)).ToDictionary(message => message.Id, StringComparer.Ordinal);
        var owed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var walk in ends.Log.Walks)
            foreach (var fact in walk.Facts.Where(fact => fact.IsTold))
            {
                owed.Add(fact.EventId);
                if (!told.ContainsKey(fact.EventId)) damage.Lose(walk.Message.Reference, $"{Deliveries.Name(walk)}: nobody was told of {fact.What} {fact.Detail} (event {fact.EventId})");
            }
        foreach (var (id, message) in told.Where(report => !owed.Contains(report.Key)))
            damage.Double(message.Reference, $"{message.Reference}: {message.Kind} {id} tells of nothing that is in the log");
    }
}
