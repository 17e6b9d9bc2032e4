namespace GpuCnn.Kernels.Tests;

/// <summary>The order by whole tables: every round as a permutation of all 2^b places, the rounds one behind the other, then the walk by looking up.</summary>
public static class ShuffleReference
{
    /// <summary>The numbers 0 to n - 1 in the order of a seed and an epoch.</summary>
    public static int[] Order(int n, ulong seed, uint epoch)
    {
        int bits = 2;
        while (Math.Pow(2, bits) < n)
        {
            bits++;
        }
        int right = (int)Math.Pow(2, bits / 2), places = (int)Math.Pow(2, bits), left = places / right;
        uint[] words = PhiloxReference.Words([epoch, 0, 0, 2], [(uint)(seed % (1UL << 32)), (uint)(seed / (1UL << 32))]);
        int[] table = [.. Enumerable.Range(0, places)];
        for (uint pair = 0; pair < 6; pair++)
        {
            ulong key0 = words[0] + (pair * 0x9E3779B9ul), key1 = words[1] + (pair * 0xBB67AE85ul);
            int[] first = [.. Enumerable.Range(0, places).Select(p => (((p / right) ^ (int)(Murmur((ulong)(p % right) + key0) % (ulong)left)) * right) + (p % right))];
            int[] second = [.. Enumerable.Range(0, places).Select(p => (p / right * right) + ((p % right) ^ (int)(Murmur((ulong)(p / right) + key1) % (ulong)right)))];
            table = [.. table.Select(p => second[first[p]])];
        }
        return [.. Enumerable.Range(0, n).Select(Walk)];

        int Walk(int place)
        {
            int at = table[place];
            while (at >= n)
            {
                at = table[at];
            }
            return at;
        }
    }

    /// <summary>MurmurHash3's fmix32.</summary>
    private static ulong Murmur(ulong x)
    {
        const ulong Word = 1UL << 32;
        x %= Word;
        x = (x ^ (x / 65536)) * 0x85EBCA6B % Word;
        x = (x ^ (x / 8192)) * 0xC2B2AE35 % Word;
        return x ^ (x / 65536);
    }
}
