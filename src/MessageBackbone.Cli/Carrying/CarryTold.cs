using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Carrying;

/// <summary>What the commands print of a carry file: numbers and ids, nothing of the content.</summary>
internal static class CarryTold
{
    public static void Written(Session session, CarryFacts facts, string path, string next)
    {
        if (session.Print.Json)
        {
            session.Print.Data(facts with { File = path });
            return;
        }
        session.Print.Line($"{Name(facts)}: {path}, {Plain.Bytes((long)facts.Size)}.");
        session.Print.Line($"In it: {Content(facts)}.");
        if (facts.Left > 0) session.Print.Line($"{facts.Left} more wait: the file has as many as it may. They go into a later one, once this one is answered.");
        foreach (var line in Named(facts)) session.Print.Line(line);
        session.Print.Note(next);
    }

    public static void Taken(Session session, CarryFacts facts)
    {
        if (session.Print.Json)
        {
            session.Print.Data(facts);
            return;
        }
        if (facts.Checked)
        {
            session.Print.Line($"{Name(facts)}, written {Plain.Time(facts.CreatedAt)}, is whole and its signature is good. In it: {Content(facts)}.");
            session.Print.Line(facts.AlreadyImported ? "It is already imported." : "Nothing was done: without --check it is imported.");
        }
        else if (facts.AlreadyImported)
        {
            session.Print.Line($"{Name(facts)} is already imported: nothing was done.");
        }
        else
        {
            session.Print.Line($"{Name(facts)} is imported. It held {Content(facts)}.");
            if (facts.Messages.Count > 0) session.Print.Line($"Of the messages {facts.Taken} are new, {facts.Repeated} repeated, {facts.Refused} refused.");
            if (facts.ReceiptsRefused > 0) session.Print.Line($"{Some(facts.ReceiptsRefused, "receipt")} refused.");
            session.Print.Note(facts.IsToNode
                ? $"Next: backbone ops carry export {Plain.Line(facts.Bureau)} DIR: the answers, and what is open."
                : "Next: backbone carry export DIR: the receipts for what came, and what waits.");
        }
    }

    /// <summary>The messages that no file can hold, a line each; empty: there are none.</summary>
    public static IReadOnlyList<string> Named(CarryFacts facts)
    {
        if (facts.NotCarried.Count == 0) return [];
        var why = facts.IsToNode
            ? "Not carried, because they have attachments; they wait in the outbox for a line:"
            : "Not carried, because they have attachments or their body is lost; they stay open:";
        string[] more = facts.NotCarriedMore > 0 ? [$"  … and {facts.NotCarriedMore} more"] : [];
        return [why, .. facts.NotCarried.Select(id => "  " + Plain.Line(id)), .. more];
    }

    private static string Name(CarryFacts facts) =>
        facts.IsToNode ? $"File {facts.Number} of {Plain.Line(facts.Bureau)} to the node" : $"File {facts.Number} of the node to {Plain.Line(facts.Bureau)}";

    private static string Content(CarryFacts facts)
    {
        var parts = facts.Messages.Select(level => $"{level.Count} {Plain.Line(level.Precedence)}").ToList();
        if (parts.Count == 0) parts.Add("no messages");
        if (facts.Receipts > 0) parts.Add(facts.IsToNode ? Some(facts.Receipts, "receipt") : $"answers to {Some(facts.Receipts, "receipt")}");
        if (facts.Answers > 0) parts.Add($"answers to {Some(facts.Answers, "message")}");
        if (facts.Trackings > 0) parts.Add(facts.IsToNode ? Some(facts.Trackings, "question") : $"what became of {Some(facts.Trackings, "message")}");
        if (!facts.IsToNode) parts.Add("the directory");
        return string.Join(", ", parts);
    }

    private static string Some(ulong count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
