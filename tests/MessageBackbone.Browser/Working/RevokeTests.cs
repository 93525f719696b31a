using System.Diagnostics;
using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Browser.Working;

/// <summary>The secretariat revokes a certificate with an act that it signs where its key is; the key never meets the browser.</summary>
[Collection(WatchedHouse.Name)]
public sealed class RevokeTests(WatchedHouse house, Chromium chromium)
{
    private const string Type = "directory.certificate-revoked.v1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_the_signed_act_and_the_right_word_a_certificate_is_revoked()
    {
        await using var watcher = await PrepareAsync("operator-7");
        var order = await OrderAsync(watcher);
        var act = RevokeCertificate.Parser.ParseFrom(order);
        var signed = Convert.ToBase64String(ReceiptBuilding.Sign(act, house.House.Secretariat.Keys.Sign!, house.House.Clock.GetUtcNow()));
        var before = await house.House.CountAsync(Type);

        await GiveAsync(watcher, signed, "revoke operator-7");
        await Assertions.Expect(watcher.Page.Locator(".refusal")).ToHaveTextAsync(Said.As("order.mistyped", "REVOKE operator-7"));
        Assert.Equal(before, await house.House.CountAsync(Type));
        await GiveAsync(watcher, signed, "REVOKE operator-7");

        await Assertions.Expect(watcher.Page.Locator(".done")).ToContainTextAsync(Said.As("revoke.done"));
        Assert.Equal(before + 1, await house.House.CountAsync(Type));
        await watcher.GoAsync("directory/certificates");
        await Assertions.Expect(watcher.Page.Locator("tr", new() { HasTextString = "operator-7" })).ToContainTextAsync(Said.As("certificate.revoked"));
    }

    [Fact]
    public async Task The_command_on_the_page_makes_such_an_act()
    {
        await using var watcher = await PrepareAsync("operator-8");
        var command = await watcher.Page.Locator("main > pre").InnerTextAsync();

        await GiveAsync(watcher, await RunAsync(command), "REVOKE operator-8");

        await Assertions.Expect(watcher.Page.Locator(".done")).ToContainTextAsync(Said.As("revoke.done"));
    }

    [Fact]
    public async Task An_act_about_another_certificate_or_of_another_key_is_refused()
    {
        await using var watcher = await PrepareAsync("operator-6");
        var act = RevokeCertificate.Parser.ParseFrom(await OrderAsync(watcher));
        var before = await house.House.CountAsync(Type);
        var other = act.Clone();
        other.CertificateSha256 = Google.Protobuf.ByteString.CopyFrom(Digests.Sha256(house.House["FR"].Keys.Tls.RawData));

        foreach (var (wrong, key) in ((RevokeCertificate, Party)[])[(other, house.House.Secretariat), (act, house.House["FR"])])
        {
            await GiveAsync(watcher, Convert.ToBase64String(ReceiptBuilding.Sign(wrong, key.Keys.Sign!, house.House.Clock.GetUtcNow())), "REVOKE operator-6");
            await Assertions.Expect(watcher.Page.Locator(".refusal")).ToContainTextAsync(Said.As("order.refused"));
        }

        await GiveAsync(watcher, "no signature", "REVOKE operator-6");
        await Assertions.Expect(watcher.Page.Locator(".refusal")).ToContainTextAsync("base64");
        await watcher.PictureAsync("light", "revoke-refused");
        Assert.Equal(before, await house.House.CountAsync(Type));
    }

    private static async Task GiveAsync(Watcher watcher, string signed, string word)
    {
        await watcher.Page.Locator("#signed").FillAsync(signed);
        await watcher.Page.Locator("#confirm").FillAsync(word);
        await watcher.Page.Locator("button.danger").ClickAsync();
    }

    /// <summary>The act as the page's command would hand it to openssl.</summary>
    private static async Task<byte[]> OrderAsync(Watcher watcher)
    {
        var lines = (await watcher.Page.Locator("main > pre").InnerTextAsync()).Split('\n');
        return Convert.FromBase64String(string.Concat(lines.Skip(1).TakeWhile(line => line.Trim() != "END")));
    }

    /// <summary>A new operator's certificate, and the page that would revoke it.</summary>
    private async Task<Watcher> PrepareAsync(string holder)
    {
        var party = await house.House.AddAsync(new Holder(HolderRole.Operator, holder));
        var watcher = await house.Watch.EnterAsync(chromium, Watch.Secretariat);
        await watcher.GoAsync("directory/certificates");
        await watcher.Page.Locator($"a[href='revoke?sha256={Digests.Sha256Hex(party.Keys.Tls.RawData)}']").ClickAsync();
        await watcher.Page.Locator("#since").FillAsync("2020-01-01T00:00");
        await watcher.Page.Locator("form.search button").ClickAsync();
        await watcher.Page.Locator("#signed").WaitForAsync();
        return watcher;
    }

    /// <summary>Runs the page's command as it stands there, in the secretariat's folder.</summary>
    private async Task<string> RunAsync(string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-e"])
        {
            UseShellExecute = false,
            WorkingDirectory = Path.Combine(house.House.Folder, "secretariat"),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var shell = Process.Start(start)!;
        await shell.StandardInput.WriteLineAsync(command.AsMemory(), Cancel);
        shell.StandardInput.Close();
        var errors = shell.StandardError.ReadToEndAsync(Cancel);
        var output = await shell.StandardOutput.ReadToEndAsync(Cancel);
        await shell.WaitForExitAsync(Cancel);
        Assert.True(shell.ExitCode == 0, await errors);
        return output;
    }
}
