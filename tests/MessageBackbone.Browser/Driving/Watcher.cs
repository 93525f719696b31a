using System.Collections.Concurrent;

namespace MessageBackbone.Browser.Driving;

/// <summary>One browser profile with one page open in it. It keeps everything that a quiet page does not do: words on the console, requests to other hosts, requests
/// that failed.</summary>
internal sealed class Watcher : IAsyncDisposable
{
    // What the browser itself gives up, because its visitor went on before the page was whole: no fault of the page.
    private const string LeftBefore = "net::ERR_ABORTED";

    private static readonly byte[] Drawn = "JS.RenderBatch"u8.ToArray();

    private readonly ConcurrentQueue<string> _faults = [];
    private readonly Chromium _chromium;
    private readonly Uri _address;
    private TaskCompletionSource _connected = NewSignal();
    private int _drawings;

    private Watcher(Chromium chromium, Uri address, IBrowserContext context, IPage page)
    {
        (_chromium, _address, Context, Page) = (chromium, address, context, page);
        page.Console += (_, message) => Note(message.Type is "error" or "warning", $"console {message.Type}: {message.Text} ({message.Location})");
        page.PageError += (_, fault) => Note(true, $"fault: {fault}");
        page.RequestFailed += (_, request) => Note(request.Failure != LeftBefore, $"failed: {request.Method} {request.Url} {request.Failure}");
        page.Request += (_, request) => Note(IsElsewhere(request.Url), $"another host: {request.Url}");
        page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) =>
        {
            if (frame.Binary is not { } bytes || bytes.AsSpan().IndexOf(Drawn) < 0) return;
            Interlocked.Increment(ref _drawings);
            _connected.TrySetResult();
        };
    }

    public IBrowserContext Context { get; }

    public IPage Page { get; }

    /// <summary>What the page did that a quiet one does not.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>How often a part that stays connected was drawn anew.</summary>
    public int Drawings => Volatile.Read(ref _drawings);

    public static async Task<Watcher> OpenAsync(Chromium chromium, Uri address, Look? look = null, Action<BrowserNewContextOptions>? change = null)
    {
        look ??= Look.Usual;
        var options = new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = look.Width, Height = look.Height },
            ColorScheme = look.Theme == "dark" ? ColorScheme.Dark : ColorScheme.Light,
            Locale = look.Language,
            TimezoneId = look.Zone,
            ReducedMotion = ReducedMotion.Reduce,
            IgnoreHTTPSErrors = true,
        };
        change?.Invoke(options);
        var context = await chromium.Browser.NewContextAsync(options);
        context.SetDefaultTimeout(20_000);
        return new Watcher(chromium, address, context, await context.NewPageAsync());
    }

    /// <summary>The same with the client certificate that lies in this folder.</summary>
    public static Task<Watcher> OpenWithCertificateAsync(Chromium chromium, Uri address, string folder, Look? look = null) =>
        OpenAsync(chromium, address, look, options => options.ClientCertificates =
        [
            new() { Origin = address.GetLeftPart(UriPartial.Authority), CertPath = Path.Combine(folder, "tls.pem"), KeyPath = Path.Combine(folder, "tls.key") },
        ]);

    /// <summary>The full address of a page of the dashboard.</summary>
    public string At(string page) => new Uri(_address, $"/{page}").ToString();

    /// <summary>Opens a page; where a part of it stays connected, returns when that part was drawn over its connection.</summary>
    public async Task<IResponse> GoAsync(string page)
    {
        _connected = NewSignal();
        var response = await Page.GotoAsync(At(page)) ?? throw new InvalidOperationException($"{page} gave no answer.");
        if ((await response.TextAsync()).Contains("\"type\":\"server\"", StringComparison.Ordinal)) await ConnectedAsync();
        return response;
    }

    /// <summary>Returns when a connected part has drawn itself since the last page was opened.</summary>
    public Task ConnectedAsync() => _connected.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

    public void ForgetFaults() => _faults.Clear();

    public void AssertQuiet() => Assert.True(_faults.IsEmpty, string.Join('\n', _faults));

    /// <summary>Fails when the accessibility checker finds anything against WCAG 2.0 to 2.2 A and AA, or its best practices.</summary>
    public async Task AssertAccessibleAsync()
    {
        await Page.EvaluateAsync(_chromium.Axe);
        var found = await Page.EvaluateAsync<string[]>(
            """
            async () => {
              const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
              const result = await axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations', 'incomplete'] });
              // A name that no reader may hear is left open where the element has a text as well, though that is against ARIA all the same.
              const unheard = result.incomplete.filter(v => v.id === 'aria-prohibited-attr');
              return [...result.violations, ...unheard].map(v => `${v.id}: ${v.help}: ` + v.nodes.slice(0, 3).map(n => `${n.target.join(' ')}: ${n.failureSummary}`).join(' | '));
            }
            """);
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    /// <summary>Fails when the document is wider than the window: then a reader would have to push it sideways.</summary>
    public async Task AssertNotWiderThanWindowAsync()
    {
        var wider = await Page.EvaluateAsync<string[]>(
            """
            () => {
              const room = document.documentElement.clientWidth;
              if (document.documentElement.scrollWidth <= room) return [];
              const out = e => { const r = e.getBoundingClientRect(); return r.right > room + 1 || r.left < -1; };
              return [`${document.documentElement.scrollWidth} > ${room}`, ...[...document.querySelectorAll('body *')].filter(out).slice(0, 5).map(e => e.outerHTML.slice(0, 120))];
            }
            """);
        Assert.True(wider.Length == 0, string.Join('\n', wider));
    }

    /// <summary>Keeps a picture of the whole page as a file of this run.</summary>
    public Task PictureAsync(string folder, string name) => Page.ScreenshotAsync(new() { Path = Place.Picture(folder, name), FullPage = true });

    public async ValueTask DisposeAsync() => await Context.DisposeAsync();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Note(bool isFault, string text)
    {
        if (isFault) _faults.Enqueue(text);
    }

    private bool IsElsewhere(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var asked) && asked.Scheme is not ("data" or "blob") && asked.Authority != _address.Authority;
}
