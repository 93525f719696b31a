using System.ComponentModel.DataAnnotations;
using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Node.Ledger;

/// <summary>How the log signs what it holds. Section <c>Node:Ledger</c>.</summary>
public sealed class LedgerOptions : IValidatableObject
{
    /// <summary>Folder with sign.pem and sign.key (and tls.pem, tls.key) of the holder of role log: one for all nodes of a house. Empty: the tree grows and nobody
    /// signs it. Default empty.</summary>
    public string HolderFolder { get; set; } = "";

    /// <summary>The log's name in its checkpoints, like <c>backbone.example/1</c>. A log that was restored to an earlier state takes a new one. Required with
    /// <see cref="HolderFolder"/>.</summary>
    public string Origin { get; set; } = "";

    /// <summary>A grown tree is signed at most so often. Default 1 s; at most 60 s, within which everything that was accepted has to be in a checkpoint.</summary>
    public TimeSpan SignEvery { get; set; } = TimeSpan.FromSeconds(1);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (HolderFolder.Length > 0 && !NoteSignature.IsKeyName(Origin))
            yield return new ValidationResult("Ledger:Origin is a name without spaces and plus signs, like backbone.example/1.", [nameof(Origin)]);
        if (SignEvery < TimeSpan.FromMilliseconds(10) || SignEvery > TimeSpan.FromSeconds(60))
            yield return new ValidationResult("Ledger:SignEvery is a time from 10 ms to 60 s.", [nameof(SignEvery)]);
    }
}
