using MessageBackbone.Protocol.Sealing;

namespace MessageBackbone.Protocol.Tests.Sealing;

/// <summary>Published vectors of the two primitives that the framework does not have.</summary>
public sealed class VectorTests
{
    private const string KeyEncryptionKey = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

    [Theory] // RFC 3394 §4.3, §4.5, §4.6
    [InlineData("00112233445566778899AABBCCDDEEFF", "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7")]
    [InlineData("00112233445566778899AABBCCDDEEFF0001020304050607", "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1")]
    [InlineData(
        "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
        "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")]
    public void Key_wrap_matches_RFC_3394(string key, string wrapped)
    {
        var wrappedBytes = KeyWrap.Wrap(Convert.FromHexString(KeyEncryptionKey), Convert.FromHexString(key));

        Assert.Equal(wrapped, Convert.ToHexString(wrappedBytes));
        Assert.True(KeyWrap.TryUnwrap(Convert.FromHexString(KeyEncryptionKey), wrappedBytes, out var unwrapped));
        Assert.Equal(key, Convert.ToHexString(unwrapped));
    }

    [Fact]
    public void Any_changed_bit_of_a_wrapped_key_is_noticed()
    {
        var wrapped = KeyWrap.Wrap(Convert.FromHexString(KeyEncryptionKey), new byte[32]);
        for (var bit = 0; bit < wrapped.Length * 8; bit++)
        {
            var changed = (byte[])wrapped.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(KeyWrap.TryUnwrap(Convert.FromHexString(KeyEncryptionKey), changed, out var key));
            Assert.Empty(key);
        }
    }

    [Theory] // NIST CAVP, ANSX963_2001, SHA-256
    [InlineData("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08", "", "443024c3dae66b95e6f5670601558f71")]
    [InlineData("96f600b73ad6ac5629577eced51743dd2c24c21b1ac83ee4", "", "b6295162a7804f5667ba9070f82fa522")]
    [InlineData("de4ec3f6b2e9b7b5b6160acd5363c1b1f250e17ee731dbd6", "", "c8df626d5caaabf8a1b2a3f9061d2420")]
    [InlineData("d38bdbe5c4fc164cdd967f63c04fe07b60cde881c246438c", "", "5e674db971bac20a80bad0d4514dc484")]
    [InlineData(
        "22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d", "75eef81aa3041e33b80971203d2c0c52",
        "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485"
        + "500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21")]
    [InlineData(
        "7e335afa4b31d772c0635c7b0e06f26fcd781df947d2990a", "d65a4812733f8cdbcdfb4b2f4c191d87",
        "c0bd9e38a8f9de14c2acd35b2f3410c6988cf02400543631e0d6a4c1d030365acbf398115e51aaddebdc9590664210f9aa9fed770d4c57edeafa0b8c14f93300"
        + "865251218c262d63dadc47dfa0e0284826793985137e0a544ec80abf2fdf5ab90bdaea66204012efe34971dc431d625cd9a329b8217cc8fd0d9f02b13f2f6b0b")]
    public void Key_derivation_matches_NIST(string secret, string info, string key) =>
        Assert.Equal(key, Convert.ToHexStringLower(KeyDerivation.X963(Convert.FromHexString(secret), Convert.FromHexString(info), key.Length / 2)));
}
