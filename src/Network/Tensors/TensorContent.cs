namespace GpuCnn;

/// <summary>Takes elements of a tensor: the next ones, front to back.</summary>
/// <param name="elements">The elements, which the giver may overwrite afterwards.</param>
internal delegate void TakeElements(ReadOnlySpan<float> elements);

/// <summary>A tensor on its way into a file. Its elements need not lie in the file's order: they come piece by piece, so that no copy of the whole is made.</summary>
/// <param name="Name">For example <c>conv1.weight</c>.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Give">Hands on all its elements, the last dimension fastest.</param>
internal sealed record TensorContent(string Name, IReadOnlyList<int> Shape, Action<TakeElements> Give)
{
    /// <summary>The number of its elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>A tensor that lies in the file's order.</summary>
    /// <param name="tensor">The tensor.</param>
    public static TensorContent Of(WeightTensor tensor) => new(tensor.Name, tensor.Shape, take => take(tensor.Values));

    /// <summary>The tensor with all its elements.</summary>
    public WeightTensor ToTensor()
    {
        var values = GC.AllocateUninitializedArray<float>(checked((int)Count));
        int taken = 0;
        Give(elements =>
        {
            elements.CopyTo(values.AsSpan(taken));
            taken += elements.Length;
        });
        return new WeightTensor(Name, Shape, values);
    }
}
