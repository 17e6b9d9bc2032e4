namespace GpuCnn.Kernels.Tests;

/// <summary>Philox 4x32-10 after the paper's figure: a round multiplies two words, swaps and mixes in a key that grows by the golden ratio and sqrt(3) - 1.</summary>
public static class PhiloxReference
{
    /// <summary>Four random words.</summary>
    /// <param name="counter">Four words.</param>
    /// <param name="key">Two words.</param>
    public static uint[] Words(uint[] counter, uint[] key)
    {
        uint[] word = counter;
        for (uint round = 0; round < 10; round++)
        {
            uint left = unchecked(key[0] + (round * 0x9E3779B9)), right = unchecked(key[1] + (round * 0xBB67AE85));
            (uint high0, uint low0) = Product(0xD2511F53, word[0]);
            (uint high1, uint low1) = Product(0xCD9E8D57, word[2]);
            word = [high1 ^ word[1] ^ left, low1, high0 ^ word[3] ^ right, low0];
        }
        return word;
    }

    /// <summary>Whether dropout keeps an element: its word, as a fraction of 2^32, is at least the rate.</summary>
    public static bool Keeps(int element, double rate, ulong seed, uint step, uint layer)
    {
        uint[] words = Words([(uint)(element / 4), step, layer, 0], [(uint)(seed % (1UL << 32)), (uint)(seed / (1UL << 32))]);
        return words[element % 4] >= Math.Round(rate * Math.Pow(2, 32));
    }

    private static (uint High, uint Low) Product(uint a, uint b)
    {
        UInt128 product = (UInt128)a * b;
        return ((uint)(product / ((UInt128)1 << 32)), (uint)(product % ((UInt128)1 << 32)));
    }
}
