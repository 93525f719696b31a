using MessageBackbone.Browser.Driving;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace MessageBackbone.Browser.Driving;

/// <summary>The machine's own Chromium, started once for all tests, and the accessibility checker that pages are judged by.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Program = "chromium";

    private IPlaywright? _driver;

    public IBrowser Browser { get; private set; } = null!;

    /// <summary>The checker's script.</summary>
    public string Axe { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Assert.True(File.Exists(Place.Axe), $"{Place.Axe} is missing: run npm ci in tests/MessageBackbone.Browser/axe, as tests/run.sh does.");
        Axe = await File.ReadAllTextAsync(Place.Axe);
        _driver = await Playwright.CreateAsync();
        Browser = await _driver.Chromium.LaunchAsync(new()
        {
            ExecutablePath = OnPath(),
            // CI runs as root in a container, where Chromium has no sandbox and little shared memory.
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null) await Browser.CloseAsync();
        _driver?.Dispose();
    }

    private static string OnPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, Program)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"{Program} is not on PATH: install Debian's package {Program}, as tests/run.sh does.");
}
