using MessageBackbone.Node.Dashboard.Serving;
using MessageBackbone.Node.Dashboard.Words;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.Node.Dashboard.Parts;

/// <summary>What every page and part has: its language. A page takes it from the browser's request; a part that stays connected is told it by its page,
/// because on a connection there is no request any more.</summary>
public abstract class DashboardPart : ComponentBase
{
    private Language? _words;

    /// <summary>BCP 47; empty: as the request says.</summary>
    [Parameter] public string Lang { get; set; } = "";

    [CascadingParameter] public HttpContext? Http { get; set; }

    private protected Language W => _words ??= Lang.Length > 0 || Http is null ? Language.Of(Lang) : Preferences.Of(Http).Language;
}
