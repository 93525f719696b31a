using MessageBackbone.Node.Projecting.Storing;

namespace MessageBackbone.Node.Projecting;

/// <summary>A delivery that may still be counted for something.</summary>
/// <param name="Exercise">1: it is one.</param>
/// <param name="Since">When it began.</param>
/// <param name="UntilOpened">Steps may be taken also after DELIVERED.</param>
internal sealed record OpenDelivery(long Precedence, long Exercise, long Since, bool UntilOpened, bool Delivered);

/// <summary>The rows <c>open</c> of <c>traffic</c>, for their one writer. What begins and ends in one batch never becomes a row.</summary>
internal sealed class OpenDeliveries(ReadModelSession session)
{
    private readonly Statement _find =
        session.Prepare("SELECT precedence, exercise, since, until_opened, delivered FROM open WHERE message = ?1 AND bureau = ?2");

    private readonly Statement _put = session.Prepare("INSERT OR REPLACE INTO open VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    private readonly Statement _end = session.Prepare("DELETE FROM open WHERE message = ?1 AND bureau = ?2");
    private readonly Dictionary<(Guid Message, string Bureau), (OpenDelivery? Now, bool Stored)> _changed = [];

    public OpenDelivery? Find(string messageId, string bureau)
    {
        var key = (RowText.Key(messageId), bureau);
        return _changed.TryGetValue(key, out var changed) ? changed.Now : Stored(key);
    }

    public void Put(string messageId, string bureau, OpenDelivery delivery) => Change((RowText.Key(messageId), bureau), delivery);

    public void End(string messageId, string bureau)
    {
        if (Find(messageId, bureau) is not null) Change((RowText.Key(messageId), bureau), null);
    }

    public void Flush()
    {
        foreach (var ((message, bureau), (now, stored)) in _changed)
        {
            if (now is not null)
                _put.Bind(1, message.ToByteArray(bigEndian: true)).Bind(2, bureau).Bind(3, now.Precedence).Bind(4, now.Exercise).Bind(5, now.Since)
                    .Bind(6, now.UntilOpened ? 1 : 0).Bind(7, now.Delivered ? 1 : 0).Run();
            else if (stored) _end.Bind(1, message.ToByteArray(bigEndian: true)).Bind(2, bureau).Run();
        }

        _changed.Clear();
    }

    // What was not looked for before is new: it has no row.
    private void Change((Guid, string) key, OpenDelivery? now) =>
        _changed[key] = (now, _changed.TryGetValue(key, out var changed) && changed.Stored);

    private OpenDelivery? Stored((Guid Message, string Bureau) key)
    {
        _find.Bind(1, key.Message.ToByteArray(bigEndian: true)).Bind(2, key.Bureau);
        var found = _find.Step()
            ? new OpenDelivery(_find.Number(0), _find.Number(1), _find.Number(2), _find.Number(3) == 1, _find.Number(4) == 1)
            : null;
        _find.Reset();
        _changed[key] = (found, found is not null);
        return found;
    }
}
