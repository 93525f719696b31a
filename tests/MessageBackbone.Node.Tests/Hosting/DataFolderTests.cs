namespace MessageBackbone.Node.Tests.Hosting;

public sealed class DataFolderTests
{
    [Fact]
    public async Task Nobody_but_the_nodes_own_user_gets_into_the_folder_of_its_data()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no file modes on Windows; the folder has its parent's access list.");
        await using var house = await House.OpenAsync("FR", "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));

#pragma warning disable CA1416 // skipped above where there are no modes
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(house.Options.DataFolder));
#pragma warning restore CA1416
        Assert.All(
            (string[])["content.db", "events.db", "plan.db"], file => Assert.True(File.Exists(Path.Combine(house.Options.DataFolder, file)), file));
    }
}
