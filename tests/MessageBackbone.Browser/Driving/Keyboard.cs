namespace MessageBackbone.Browser.Driving;

/// <summary>A visitor without a mouse. Wherever the focus goes, it must be seen there.</summary>
internal sealed class Keyboard(IPage page)
{
    private const int MostStops = 120;

    /// <summary>Goes on with Tab until this element has the focus.</summary>
    public async Task TabToAsync(ILocator wanted)
    {
        await wanted.WaitForAsync();
        for (var stop = 0; stop < MostStops; stop++)
        {
            await page.Keyboard.PressAsync("Tab");
            await AssertFocusIsSeenAsync();
            if (await wanted.EvaluateAsync<bool>("e => e === document.activeElement")) return;
        }

        Assert.Fail($"{wanted} is not reached with Tab.");
    }

    public async Task EnterAsync(ILocator wanted)
    {
        await TabToAsync(wanted);
        await page.Keyboard.PressAsync("Enter");
    }

    public async Task TypeAsync(ILocator field, string text)
    {
        await TabToAsync(field);
        await page.Keyboard.PressAsync("ControlOrMeta+A");
        await page.Keyboard.TypeAsync(text);
    }

    private async Task AssertFocusIsSeenAsync()
    {
        var unseen = await page.EvaluateAsync<string?>(
            """
            () => {
              const e = document.activeElement;
              if (!e || e === document.body) return null;
              const style = getComputedStyle(e), box = e.getBoundingClientRect();
              const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
              const inWindow = box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
              return outlined && inWindow ? null : `${e.outerHTML.slice(0, 200)} outline ${style.outline} at ${JSON.stringify(box)}`;
            }
            """);
        Assert.True(unseen is null, $"The focus is not seen: {unseen}");
    }
}
