using System.Security.Cryptography;
using MessageBackbone.Protocol.Sealing;

namespace MessageBackbone.Protocol.Tests.Sealing;

/// <summary>Both directions against <c>openssl enc -aes-256-ctr</c>, from offsets on, and where the counter wraps.</summary>
public sealed class AttachmentCipherTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7))];

    [Theory]
    [InlineData("00112233445566778899aabbccddeeff", 1)]
    [InlineData("00112233445566778899aabbccddeeff", 16)]
    [InlineData("00112233445566778899aabbccddeeff", 300_001)]
    [InlineData("ffffffffffffffffffffffffffffffff", 100)]
    [InlineData("0000000000000000ffffffffffffffff", 65_536)]
    public async Task What_we_encrypt_openssl_decrypts_and_the_other_way_round(string iv, int size)
    {
        using var openssl = new OpenSsl();
        var plain = RandomNumberGenerator.GetBytes(size);
        var ours = Applied(plain, iv, 0);
        openssl.Write("ours.bin", ours);
        openssl.Write("plain.bin", plain);
        var options = $"-K {Convert.ToHexStringLower(Key)} -iv {iv}";

        await openssl.RunAsync($"enc -d -aes-256-ctr {options} -in ours.bin -out opened.bin");
        await openssl.RunAsync($"enc -aes-256-ctr {options} -in plain.bin -out theirs.bin");

        Assert.Equal(plain, openssl.Read("opened.bin"));
        Assert.Equal(plain, Applied(openssl.Read("theirs.bin"), iv, 0));
    }

    [Fact]
    public void From_any_offset_on_it_is_the_same_as_from_the_beginning()
    {
        const string Iv = "00000000000000000000ffffffffffff";
        var plain = RandomNumberGenerator.GetBytes(70_000);
        var whole = Applied(plain, Iv, 0);

        foreach (var offset in (int[])[1, 15, 16, 17, 16_383, 16_384, 16_385, 65_537, 69_999])
        {
            Assert.Equal(whole[offset..], Applied(plain[offset..], Iv, offset));
        }

        var far = 10L << 30;
        Assert.Equal(Applied(plain, Iv, far)[5..], Applied(plain[5..], Iv, far + 5));
        Assert.NotEqual(whole, Applied(plain, Iv, far));
    }

    [Fact]
    public void Keys_and_IVs_of_another_length_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new AttachmentCipher(new byte[16], new byte[16]));
        Assert.Throws<ArgumentException>(() => new AttachmentCipher(new byte[32], new byte[12]));
    }

    private static byte[] Applied(byte[] data, string iv, long offset)
    {
        using var cipher = new AttachmentCipher(Key, Convert.FromHexString(iv));
        var copy = data.ToArray();
        cipher.Apply(copy, offset);
        return copy;
    }
}
