using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using MessageBackbone.Cli.Invoking;
using Spectre.Console;

namespace MessageBackbone.Cli.Terminal;

/// <summary>Prints tables for people and JSON for programs; in a pipe the tables carry no colour and are not cut to a terminal's width.</summary>
internal sealed class Printer
{
    /// <summary>Wide enough for two ids, two names and times on one line.</summary>
    private const int PipeWidth = 240;

    private static readonly JsonSerializerOptions Indented = Options(indented: true);
    private static readonly JsonSerializerOptions OneLine = Options(indented: false);

    private readonly Shell _shell;

    public Printer(Shell shell, bool json)
    {
        _shell = shell;
        Json = json;
        Screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(shell.Output),
            Ansi = shell.OutputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = shell.OutputIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = shell.OutputIsTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!shell.OutputIsTerminal) Screen.Profile.Width = PipeWidth;
    }

    public bool Json { get; }

    public IAnsiConsole Screen { get; }

    public static string ToJson<T>(T value, bool indented = true) => JsonSerializer.Serialize(value, indented ? Indented : OneLine);

    public void Line(string text) => _shell.Output.WriteLine(text);

    /// <summary>A line that somebody waits for: it is out before the next is known.</summary>
    public void LiveLine(string text)
    {
        _shell.Output.WriteLine(text);
        _shell.Output.Flush();
    }

    public void Note(string text) => _shell.Error.WriteLine(text);

    public void Data<T>(T value) => _shell.Output.WriteLine(ToJson(value));

    /// <summary>One value a line, for streams that a program reads as they come.</summary>
    public void DataLine<T>(T value)
    {
        _shell.Output.WriteLine(ToJson(value, indented: false));
        _shell.Output.Flush();
    }

    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows, string whenEmpty)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        foreach (var column in columns)
        {
            var whole = columns.Count < 3 || column is "id" or "message" or "at";
            table.AddColumn(new TableColumn(new Text(column)) { NoWrap = whole });
        }
        var any = false;
        foreach (var row in rows)
        {
            any = true;
            table.AddRow(row.Select(cell => new Text(Plain.Line(cell))));
        }
        if (any) Screen.Write(table);
        else Line(whenEmpty);
    }

    private static JsonSerializerOptions Options(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        WriteIndented = indented,
        // For a terminal and for files, never inside a page: letters of all languages stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };
}
