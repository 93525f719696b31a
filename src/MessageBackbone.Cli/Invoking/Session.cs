using System.CommandLine;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Invoking;

/// <summary>One run of one command: its arguments, what it prints on, and whom it acts as.</summary>
internal sealed class Session
{
    public Session(Shell shell, ParseResult parsed)
    {
        Shell = shell;
        Parsed = parsed;
        var json = parsed.CommandResult.Command.Options.Contains(CommonOptions.Json) && parsed.GetValue(CommonOptions.Json);
        Print = new Printer(shell, json);
        Settings = new Settings(parsed, shell);
    }

    public Shell Shell { get; }

    public ParseResult Parsed { get; }

    public Printer Print { get; }

    public Settings Settings { get; }

    /// <summary>0 unless the command says otherwise.</summary>
    public int ExitCode { get; set; }

    public T? Get<T>(Option<T> option) => Parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => Parsed.GetValue(argument)!;

    public bool Has(Option option) => Parsed.GetResult(option) is { Implicit: false };
}
