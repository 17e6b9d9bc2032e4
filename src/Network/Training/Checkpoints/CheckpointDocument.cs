using System.Text.Json.Serialization;

namespace GpuCnn;

/// <summary>The numbers of a state, as a checkpoint's JSON holds them.</summary>
internal sealed record CheckpointDocument(TrainingOptions Options, int TrainingImages, int ValidationImages, long Step, int StepsOfEpoch, IReadOnlyList<int> CorrectOfEpoch,
    double SecondsOfEpoch, double LearningRate, int Rollbacks, IReadOnlyList<EpochResult> Epochs)
{
    public static CheckpointDocument Of(TrainingState state) => new(state.Options, state.TrainingImages, state.ValidationImages, state.Step, state.StepsOfEpoch, state.CorrectOfEpoch,
        state.SecondsOfEpoch, state.LearningRate, state.Rollbacks, state.Epochs);
}

/// <summary>How checkpoints' JSON is read and written: shortest texts that give the same numbers again.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, UseStringEnumConverter = true)]
[JsonSerializable(typeof(CheckpointDocument))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
