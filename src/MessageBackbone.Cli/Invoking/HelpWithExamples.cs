using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace MessageBackbone.Cli.Invoking;

internal sealed class HelpWithExamples(HelpAction plain) : SynchronousCommandLineAction
{
    public override bool Terminating => true;

    public override int Invoke(ParseResult parseResult)
    {
        var result = plain.Invoke(parseResult);
        IReadOnlyList<string> examples = parseResult.CommandResult.Command switch
        {
            DocumentedCommand documented => documented.Examples,
            RootCommand => ["backbone demo", "backbone send --as FR --to DE --precedence flash --text 'Vehicle crossed the border at 14:05'",
                "backbone inbox --as DE"],
            _ => [],
        };
        if (examples.Count == 0) return result;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in examples) output.WriteLine("  " + example);
        output.WriteLine();
        return result;
    }
}
