namespace GpuCnn;

/// <summary>What a forward or backward pass needs to know besides the data.</summary>
/// <param name="Batch">The number of images, at most the network's largest batch.</param>
/// <param name="DropoutSeed">The run's seed where dropout is on; null where it is off: in evaluation.</param>
/// <param name="Step">The number of the training step, from 1.</param>
/// <param name="Training">Whether this is a training step, whose batch has statistics of its own.</param>
internal readonly record struct Pass(int Batch, ulong? DropoutSeed, uint Step, bool Training = false);
