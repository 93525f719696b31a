using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Carrying;

/// <summary>What the carry commands of both sides understand.</summary>
internal static class CarryOptions
{
    public static readonly Option<int> Most = Number<int>("--most", "N", "At most so many messages, the most urgent first. Default: all that wait.");
    public static readonly Option<long> Bytes = Number<long>("--bytes", "N", "No message more once the content has so many bytes. Default: no bound.");
    public static readonly Option<long> Again = Number<long>("--again", "N", "The file of this number again, byte for byte, as long as the other side has not taken it.");
    public static readonly Option<bool> Check = new("--check") { Description = "Only verify it and tell what is in it. Nothing is imported." };

    public static readonly Option<bool> AcceptGap = new("--accept-gap")
    {
        Description = "Import it although it is not the next one. Only when the missing file, or what the other side knew, is lost for good. "
            + "A missing file that is found after all is taken as it comes.",
    };

    public static Argument<string> Target() => new("FILE") { Description = "The file to write, or a folder: then the file gets a name with its number." };

    public static Argument<string> Source() => new("FILE") { Description = "The carry file." };

    public static void RequireFitting(Session session)
    {
        if (session.Has(Again) && (session.Has(Most) || session.Has(Bytes))) throw CommandFailure.Usage("--again writes a file as it was: --most and --bytes have no part in it.");
    }

    public static FileStream Open(string path) => File.Exists(path)
        ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read)
        : throw new CommandFailure($"There is no file {Plain.Line(path)}.");

    private static Option<T> Number<T>(string name, string value, string what)
        where T : struct, IComparable<T>
    {
        var option = new Option<T>(name) { HelpName = value, Description = what };
        option.Validators.Add(given =>
        {
            if (given.Tokens.FirstOrDefault(token => !long.TryParse(token.Value, out var number) || number < 1) is { } other)
                given.AddError($"{name} is a number from 1 on, not '{Plain.Line(other.Value)}'.");
        });
        return option;
    }
}
