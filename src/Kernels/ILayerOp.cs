namespace GpuCnn.Kernels;

/// <summary>An operation with sizes that are the same at every launch for a layer, so that they can be compiled into its GPU body as constants: divisions by them become multiplications,
/// products of them numbers, and what other sizes would need is left out.</summary>
/// <typeparam name="TSelf">The operation itself.</typeparam>
/// <typeparam name="TConstants">Those sizes. What differs between the batches of a layer, such as their size, is none of them: each value is compiled for.</typeparam>
internal interface ILayerOp<TSelf, TConstants> : IOp where TSelf : struct, ILayerOp<TSelf, TConstants> where TConstants : unmanaged, IEquatable<TConstants>
{
    /// <summary>The constants of this launch.</summary>
    TConstants Constants { get; }

    /// <summary>The same operation with other constants, or with the same ones as the compiler knows them.</summary>
    TSelf With(TConstants constants);
}
