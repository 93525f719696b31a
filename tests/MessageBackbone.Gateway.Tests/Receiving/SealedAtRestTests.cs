using System.Text;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Receiving;

public sealed class SealedAtRestTests
{
    [Fact]
    public async Task What_a_message_says_is_on_no_disk_and_in_no_log()
    {
        const string Marker = "Zorglub-7f3a";
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (france, germany) = (await house.AttendAsync("FR"), await house.AttendAsync("DE"));
        var id = await france.SendAsync(new Draft
        {
            To = ["DE"],
            Subject = $"{Marker} subject",
            Text = $"{Marker} text",
            Data = Encoding.UTF8.GetBytes($"{Marker} file"),
            FileName = $"{Marker}.txt",
            MediaType = "text/plain",
            HandlingNote = $"{Marker} note",
            Handling = new Handling { Classification = Classification.Restricted, Purpose = Purpose.Investigation, Codes = { HandlingCode.H3 } },
        });
        await germany.ReceivesAsync(id);
        var opened = await germany.Host.OpenAsync(id, "officer-1", TestContext.Current.CancellationToken);
        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Outcome == DeliveryOutcome.Opened);

        Assert.Equal($"{Marker} text", opened!.Content.Text);
        var folder = house.Node.Folder;
        Assert.NotEmpty(FilesWith(folder, Encoding.UTF8.GetBytes(id.Value))); // the search finds what is there
        foreach (var encoding in (Encoding[])[Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode])
            Assert.Empty(FilesWith(folder, encoding.GetBytes(Marker)));
        house.Logs.AssertNowhere(Marker);
        Assert.DoesNotContain(house.Node.Logs.Lines, line => line.Contains(Marker, StringComparison.Ordinal));
    }

    private static List<string> FilesWith(string folder, byte[] searched) =>
        [.. System.IO.Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal) && Holds(file, searched))];

    private static bool Holds(string file, byte[] searched)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.GetBuffer().AsSpan(0, (int)bytes.Length).IndexOf(searched) >= 0;
    }
}
