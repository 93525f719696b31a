using System.Security.Cryptography;
using MessageBackbone.Cli.Exchanging;

namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>Files beside a message, by the commands of an officer.</summary>
public sealed class AttachmentTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_are_attached_listed_and_saved_whole()
    {
        var (large, small) = (RandomNumberGenerator.GetBytes(3_000_001), "plates"u8.ToArray());
        var (first, second) = (await WriteAsync("gate 3.mp4", large), await WriteAsync("plates.csv", small));

        var id = await house.SendAsync("FR", "DE", "--text", "The recordings", "--attach", first, second);

        Assert.Contains(" 2 ", (await house.SucceedAsync("inbox", "--as", "DE")).Output.Split('\n').Single(line => line.Contains(id, StringComparison.Ordinal)));
        var folder = house.Folder.At("saved");
        Directory.CreateDirectory(folder);
        var opened = await house.SucceedAsync("inbox", "open", id, "--as", "DE", "--save", folder);
        Assert.Contains("gate 3.mp4 (application/octet-stream, 2.86 MiB", opened.Output);
        Assert.Contains("plates.csv (text/csv, 6 B", opened.Output);
        Assert.Equal(large, await File.ReadAllBytesAsync(Path.Combine(folder, "gate 3.mp4"), Cancel));
        Assert.Equal(small, await File.ReadAllBytesAsync(Path.Combine(folder, "plates.csv"), Cancel));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "plates.csv")));

        // Nothing is overwritten, and nothing half-written is left.
        await house.SucceedAsync("inbox", "open", id, "--as", "DE", "--save", folder);
        Assert.Equal(["gate 3 (2).mp4", "gate 3.mp4", "plates (2).csv", "plates.csv"],
            Directory.GetFiles(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_message_may_be_its_files_alone_and_the_sender_needs_no_text()
    {
        var id = await house.SendAsync("FR", "ES", "--attach", await WriteAsync("alone.pdf", [1, 2, 3]));

        var opened = await house.SucceedAsync("inbox", "open", id, "--as", "ES");

        Assert.Contains("alone.pdf (application/pdf, 3 B", opened.Output);
        Assert.Contains($"backbone inbox open {id} --save DIR", opened.Error);
    }

    [Theory]
    [InlineData("nothing.bin", "does not exist")]
    [InlineData(".", "is a folder")]
    public async Task What_cannot_be_attached_is_told_before_anything_is_sent(string path, string problem)
    {
        var run = await house.RunAsync("send", "--as", "FR", "--to", "DE", "--text", "x", "--attach", path);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(problem, run.Error);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_told_before_anything_is_opened()
    {
        var id = await house.SendAsync("FR", "ES", "--attach", await WriteAsync("later.pdf", [1]));

        var run = await house.RunAsync("inbox", "open", id, "--as", "ES", "--save", house.Folder.At("no-such-folder"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("nothing was opened", run.Error);
        Assert.Contains(id, (await house.SucceedAsync("inbox", "--as", "ES", "--unopened")).Output);
    }

    [Theory]
    [InlineData("report.pdf", "report.pdf")]
    [InlineData("../../etc/passwd", "_._.._etc_passwd")]
    [InlineData("/etc/passwd", "_etc_passwd")]
    [InlineData("C:\\windows\\x.exe", "C__windows_x.exe")]
    [InlineData(".bashrc", "_bashrc")]
    [InlineData("-rf", "_rf")]
    [InlineData("..", "attachment")]
    [InlineData("", "attachment")]
    [InlineData("///", "attachment")]
    [InlineData("con.txt", "_con.txt")]
    [InlineData("LPT1", "_LPT1")]
    [InlineData("invoice\u202Efdp.exe", "invoice_fdp.exe")]
    [InlineData("two\nlines\u001b[31m.txt", "two_lines_[31m.txt")]
    [InlineData("trailing. . ", "trailing")]
    [InlineData("日本語.pdf", "日本語.pdf")]
    public void A_name_from_outside_is_a_name_in_the_folder_and_nothing_else(string name, string safe)
    {
        Assert.Equal(safe, SafeNames.Of(name));
        Assert.Equal(SafeNames.Of(name), Path.GetFileName(SafeNames.Of(name)));
        Assert.DoesNotContain(SafeNames.Of(name), ch => ch is '/' or '\\');
        Assert.False(SafeNames.Of(name).StartsWith('.'));
    }

    [Fact]
    public void A_name_that_is_too_long_keeps_its_ending()
    {
        var safe = SafeNames.Of(new string('é', 250) + ".pdf");

        Assert.EndsWith("é.pdf", safe, StringComparison.Ordinal);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(safe), 190, 200);
    }

    private async Task<string> WriteAsync(string name, byte[] bytes)
    {
        var path = house.Folder.At(name);
        await File.WriteAllBytesAsync(path, bytes, Cancel);
        return path;
    }
}
