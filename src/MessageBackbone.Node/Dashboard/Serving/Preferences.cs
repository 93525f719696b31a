using MessageBackbone.Node.Dashboard.Words;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MessageBackbone.Node.Dashboard.Serving;

/// <summary>How one browser wants its pages: kept in cookies that say nothing about the person.</summary>
/// <param name="Theme">"light", "dark", or "auto": as the browser's system has it.</param>
internal sealed record Preferences(Language Language, string Theme)
{
    private const string LanguageCookie = "language", ThemeCookie = "theme";
    private static readonly string[] Themes = ["auto", "light", "dark"];

    public static Preferences Of(HttpContext context)
    {
        var theme = context.Request.Cookies[ThemeCookie];
        return new(LanguageOf(context.Request), Themes.Contains(theme) ? theme! : Themes[0]);
    }

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/preferences", Set).AllowAnonymous();

    private static IResult Set(HttpContext context, string? language, string? theme, string? back)
    {
        var cookie = new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, MaxAge = TimeSpan.FromDays(365), IsEssential = true };
        if (language is not null && Language.All.Any(known => known.Code == language)) context.Response.Cookies.Append(LanguageCookie, language, cookie);
        if (theme is not null && Themes.Contains(theme)) context.Response.Cookies.Append(ThemeCookie, theme, cookie);
        // Only a path of this site: else the link could lead anywhere.
        return Results.LocalRedirect(back is ['/', not '/' and not '\\', ..] ? back : "/");
    }

    private static Language LanguageOf(HttpRequest request)
    {
        if (request.Cookies[LanguageCookie] is { } chosen) return Language.Of(chosen);
        return request.GetTypedHeaders().AcceptLanguage.OrderByDescending(wish => wish.Quality ?? 1)
            .Select(wish => Language.All.FirstOrDefault(l => wish.Value.StartsWith(l.Code, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(l => l is not null)
            ?? Language.All[0];
    }
}
