using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MessageBackbone.Node.Dashboard.Serving;

/// <summary>Scripts, styles and fonts, all out of this assembly: a browser never asks another host, and where the node was started from does not matter.</summary>
/// <remarks>Each has its content's hash in its address, so a browser keeps it for good and a new version is fetched at once.</remarks>
internal static class SiteFiles
{
    private const string Prefix = "assets/";
    private const int HashDigits = 12;

    private static readonly FrozenDictionary<string, Asset> All = Load();

    /// <summary>The address of an asset, relative to the site's root.</summary>
    public static string Url(string name) => $"{Prefix}{All[name].Version}/{name}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet($"/{Prefix}{{version}}/{{**name}}", (string version, string name, HttpContext context) => Serve(name, context)).AllowAnonymous();
        // Blazor asks for its script under this one name, without a version.
        routes.MapGet("/_framework/blazor.web.js", (HttpContext context) => Serve("_framework/blazor.web.js", context)).AllowAnonymous();
        routes.MapGet("/favicon.ico", (HttpContext context) => Serve("icon.svg", context)).AllowAnonymous();
    }

    private static IResult Serve(string name, HttpContext context)
    {
        if (!All.TryGetValue(name, out var asset)) return Results.NotFound();
        context.Response.Headers.CacheControl = context.Request.Path.StartsWithSegments("/assets", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        var gzip = asset.Gzip is not null && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal);
        if (gzip) context.Response.Headers.ContentEncoding = "gzip";
        return Results.Bytes(gzip ? asset.Gzip! : asset.Bytes, asset.MediaType, entityTag: new($"\"{asset.Version}{(gzip ? "-gzip" : "")}\""));
    }

    private static FrozenDictionary<string, Asset> Load()
    {
        var assembly = typeof(SiteFiles).Assembly;
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..], name => Read(assembly, name), StringComparer.Ordinal);
    }

    private static Asset Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var packed = name.EndsWith(".woff2", StringComparison.Ordinal) ? null : Pack(bytes);
        return new Asset(bytes, packed, MediaType(name), Convert.ToHexStringLower(SHA256.HashData(bytes))[..HashDigits]);
    }

    private static byte[] Pack(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(bytes);
        return packed.ToArray();
    }

    private static string MediaType(string name) => Path.GetExtension(name) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".woff2" => "font/woff2",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidOperationException($"{name} has no media type here."),
    };

    private sealed record Asset(byte[] Bytes, byte[]? Gzip, string MediaType, string Version);
}
