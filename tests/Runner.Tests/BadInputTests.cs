using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Bad input: exit 2, one line that names the culprit, nothing created.</summary>
public sealed class BadInputTests(TinyData tiny) : IClassFixture<TinyData>
{
    [Theory]
    [InlineData("", "no command given: give train, evaluate, predict, show, explain, export, import, models, devices, watch, lr-find, completion")]
    [InlineData("trian", "did you mean train?")]
    [InlineData("fly", "no command 'fly'; 'gpucnn --help' lists")]
    [InlineData("--jsno", "did you mean --json?")]
    [InlineData("train --epohcs 3", "no option '--epohcs' in 'gpucnn train'; did you mean --epochs?")]
    [InlineData("train --batch_size=3", "did you mean --batch-size?")]
    [InlineData("train --lr 3", "no option '--lr'")]
    [InlineData("train --learning 3", "did you mean --learning-rate?")]
    [InlineData("train more", "'more' is more than 'gpucnn train' takes")]
    [InlineData("train @more", "'@more' is more than")]
    [InlineData("train -x", "no option '-x'")]
    [InlineData("train --resume", "--resume: it needs a value, but '--output' follows")]
    [InlineData("train --resume NONE", "NONE: there is no such folder")]
    [InlineData("train --resume FILE", "FILE: it is a file, give a run folder")]
    [InlineData("train --resume DATA", "DATA: it is no run folder, it has no args.json")]
    [InlineData("train --checkpoint-every -1", "--checkpoint-every must be a whole number of at least 0, not '-1'")]
    [InlineData("train --epochs", "--epochs: it needs a value, but '--output' follows")]
    [InlineData("evaluate --weights CNN1 --split", "--split: it needs a value: Part of the data set")]
    [InlineData("evaluate --weights --json", "--weights: it needs a value, but '--json' follows")]
    [InlineData("train --epochs 3 --epochs 4", "--epochs: given 2 times")]
    [InlineData("train --epochs -1", "--epochs must be a whole number from 1 to 1000000, not '-1'")]
    [InlineData("train --epochs 0", "--epochs must be a whole number from 1 to 1000000, not '0'")]
    [InlineData("train --epochs 1.5", "--epochs must be a whole number from 1 to 1000000, not '1.5'")]
    [InlineData("train --epochs 99999999999", "--epochs must be a whole number from 1 to 1000000, not '99999999999'")]
    [InlineData("train --batch-size 0", "--batch-size must be a whole number from 1 to 65536, not '0'")]
    [InlineData("train --batch-size 65537", "--batch-size must be a whole number from 1 to 65536, not '65537'")]
    [InlineData("train --learning-rate nan", "--learning-rate must be above 0 and at most 1, not 'nan'")]
    [InlineData("train --learning-rate 0", "--learning-rate must be above 0 and at most 1, not '0'")]
    [InlineData("train --learning-rate inf", "--learning-rate must be above 0 and at most 1, not 'inf'")]
    [InlineData("train --learning-rate -1e-3", "--learning-rate must be above 0 and at most 1, not '-1e-3'")]
    [InlineData("train --learning-rate 0,001", "--learning-rate must be above 0 and at most 1, not '0,001'")]
    [InlineData("train --optimizer rmsprop", "--optimizer must be adam, adamw, nesterov or sgd, not 'rmsprop'")]
    [InlineData("train --weight-decay 0.1", "--weight-decay must be 0 with --optimizer adam, not 0.1; adamw, nesterov and sgd take it")]
    [InlineData("train --optimizer adamw --weight-decay 2", "--weight-decay must be a number from 0 to 1, not '2'")]
    [InlineData("train --label-smoothing 1", "--label-smoothing must be at least 0 and below 1, not '1'")]
    [InlineData("train --gradient-clip -1", "--gradient-clip must be a number from 0 to 1000000, not '-1'")]
    [InlineData("train --ema 1", "--ema must be at least 0 and below 1, not '1'")]
    [InlineData("train --validation-split 1.5", "--validation-split must be at least 0 and below 1, not '1.5'")]
    [InlineData("train --validation-split 1", "--validation-split must be at least 0 and below 1, not '1'")]
    [InlineData("train --validation-split -0.1", "--validation-split must be at least 0 and below 1, not '-0.1'")]
    [InlineData("train --train-samples -5", "--train-samples must be a whole number of at least 0, not '-5'")]
    [InlineData("train --train-samples 301 --data DATA", "--train-samples must be at most the 300 images there are, not 301")]
    [InlineData("train --train-samples 1 --validation-split 0.9 --data DATA", "--validation-split must be less than 0.9, which leaves none of the 1 images to train on")]
    [InlineData("train --seed -1", "--seed must be a whole number of at least 0, not '-1'")]
    [InlineData("train --threads -1", "--threads must be a whole number from 0 to 1024, not '-1'")]
    [InlineData("train --model cnn9", "--model: no model 'cnn9': there are cnn1, cnn2, cnn3, small")]
    [InlineData("train --accelerator gpu", "--accelerator: 'gpu' names no accelerator: give auto, cuda")]
    [InlineData("train --accelerator cpu:x", "--accelerator: 'cpu:x' names no accelerator")]
    [InlineData("train --accelerator cpu:7 --data DATA", "no accelerator 'cpu:7'")]
    [InlineData("train --data NONE", "NONE: there is no such folder")]
    [InlineData("train --data FILE", "FILE: it is a file")]
    [InlineData("train --augment blur", "--augment must be none, or some of shift=1..128 (pixels), flip and erase=0..1 (probability), as in shift=2,flip,erase=0.25, not 'blur'")]
    [InlineData("train --augment shift=2,shift=3", "--augment must have 'shift' once, not twice")]
    [InlineData("train --augment shift=28 --data DATA", "--augment must have shift below the 28 pixels of images of 1x28x28, not 28")]
    [InlineData("show --augment flip --split test --data DATA", "--split: test images are never augmented")]
    [InlineData("show --augment flip --count 251 --data DATA", "--augment: 251 images with 3 augmented forms each are too many; choose at most 250")]
    [InlineData("show --augment flip FILE", "--augment: it chooses from the data set; files are shown as given")]
    [InlineData("lr-find --steps 5", "--steps must be a whole number from 20 to 10000, not '5'")]
    [InlineData("lr-find --from 0", "--from must be a number from 1E-12 to 1, not '0'")]
    [InlineData("lr-find --from 0.5 --to 1", "--to must be at least ten times --from (0.5), not 1")]
    [InlineData("lr-find --output lr.svg", "lr.svg: only .png files are written")]
    [InlineData("lr-find --learning-rate 0.1", "no option '--learning-rate' in 'gpucnn lr-find'")]
    [InlineData("lr-find --augment shift=28 --data DATA", "--augment must have shift below the 28 pixels of images of 1x28x28, not 28")]
    [InlineData("train --on-nan retry", "--on-nan must be stop or rollback, not 'retry'")]
    [InlineData("train --schedule linear", "--schedule must be constant, cosine[=END], one-cycle[=RISE], step[=EPOCHS[:FACTOR]], plateau[=EPOCHS[:FACTOR[:METRIC]]], not 'linear'")]
    [InlineData("train --schedule step=0", "--schedule step must have EPOCHS of at least 1, not 0")]
    [InlineData("train --schedule plateau --validation-split 0 --data DATA", "--schedule plateau needs images held out: set --validation-split above 0")]
    [InlineData("train --schedule one-cycle --warm-up 1 --data DATA", "--warm-up must be 0 with --schedule one-cycle, which warms up by itself, not 1")]
    [InlineData("train --warm-up -1", "--warm-up must be at least 0 and below 1000000, not '-1'")]
    [InlineData("train --warm-up 3 --epochs 3 --data DATA", "--warm-up must be below --epochs (3), not 3")]
    [InlineData("train --stop-patience -1", "--stop-patience must be a whole number of at least 0, not '-1'")]
    [InlineData("train --stop-patience 3 --stop-metric loss", "--stop-metric must be val_loss or val_accuracy, not 'loss'")]
    [InlineData("train --stop-min-change -0.1", "--stop-min-change must be at least 0, not '-0.1'")]
    [InlineData("train --stop-metric val_loss --data DATA", "--stop-metric: no effect without --stop-patience N; give that too")]
    [InlineData("train --stop-patience 3 --validation-split 0 --data DATA", "--stop-patience needs images held out: set --validation-split above 0")]
    [InlineData("train --seeds 1", "--seeds must be a whole number from 2 to 1000, not '1'")]
    [InlineData("train --seeds 3 --seed 18446744073709551613", "--seeds: there are no 3 seeds from 18446744073709551613 up; give a smaller --seed")]
    [InlineData("train --data EMPTY", "EMPTY: it holds no data set: give --data a folder with IDX files")]
    [InlineData("train --data CUT", "train-images-idx3-ubyte.gz: ")]
    [InlineData("train --weights NONE", "NONE: there is no such file")]
    [InlineData("train --weights FILE", "FILE: ")]
    [InlineData("train --weights EMPTY", "EMPTY: it is a folder; give a file")]
    [InlineData("train --weights CNN1 --model cnn2", "CNN1: ")]
    [InlineData("evaluate", "--weights: it is required")]
    [InlineData("evaluate --weights NONE", "NONE: there is no such file")]
    [InlineData("evaluate --weights FILE", "FILE: ")]
    [InlineData("evaluate --weights NAN", "NAN: tensor 'conv1.bias' has NaN")]
    [InlineData("evaluate --weights STRANGE", "STRANGE: its tensors are those of none of the models cnn1, cnn2, cnn3, small")]
    [InlineData("evaluate --weights CNN1 --model cnn3", "CNN1: ")]
    [InlineData("evaluate --weights CNN1 --split validation", "--split: no split 'validation': give test or train")]
    [InlineData("evaluate --weights TWO --data DATA", "--data: model two has 2 classes, these images have 10; give images that the model is for")]
    [InlineData("predict --weights TWO --data DATA", "--data: model two has 2 classes")]
    [InlineData("show --weights TWO --data DATA", "--data: model two has 2 classes")]
    [InlineData("explain --weights TWO --data DATA", "--data: model two has 2 classes")]
    [InlineData("export --weights TWO --data DATA --format onnx --output x.onnx --check", "--data: model two has 2 classes")]
    [InlineData("evaluate --weights CNN1 --seed 3", "no option '--seed' in 'gpucnn evaluate'")]
    [InlineData("predict --weights CNN1 --count 0", "--count must be a whole number of at least 1, not '0'")]
    [InlineData("predict --weights CNN1 --count 101 --data DATA", "--count must be at most the 100 images of the split, not 101")]
    [InlineData("explain --step 14 --accelerator cpu", "--step: there is no step 14: give 1 to 13, or image, features,")]
    [InlineData("explain --step 0 --accelerator cpu", "--step: there is no step 0")]
    [InlineData("explain --step colour --accelerator cpu", "--step: there is no step 'colour': give 1 to 13")]
    [InlineData("explain --index 3", "--index: it has no effect on the X/O example: give --weights FILE too")]
    [InlineData("explain --image FILE", "--image: it has no effect on the X/O example")]
    [InlineData("explain --concepts --accelerator cpu", "--accelerator: it has no effect with --concepts")]
    [InlineData("explain --concepts --weights CNN1", "--concepts: it explains no model")]
    [InlineData("explain --concepts --data DATA --index 100", "--index must be at most 99, the last image of the split, not 100")]
    [InlineData("explain --weights CNN1 --data DATA --index 100", "--index must be at most 99, the last image of the split, not 100")]
    [InlineData("explain --weights CNN1 --data DATA --index -1", "--index must be a whole number of at least 0, not '-1'")]
    [InlineData("explain --weights CNN1 --image FILE --index 1", "--index: it has no effect with --image")]
    [InlineData("explain --weights CNN1 --image FILE", "FILE: it is no image")]
    [InlineData("explain --weights CNN1 --image NONE", "NONE: there is no such file")]
    [InlineData("explain --weights NONE", "NONE: there is no such file")]
    [InlineData("explain --weights NAN", "NAN: tensor 'conv1.bias' has NaN")]
    [InlineData("explain --weights CNN1 --model cnn2", "CNN1: ")]
    [InlineData("explain --accelerator cpu --output EMPTY", "EMPTY")]
    [InlineData("show --class snekers", "--class: no class 'snekers'; did you mean Sneaker?")]
    [InlineData("show --class 10", "--class: no class '10': give 0 to 9 or T-shirt/top")]
    [InlineData("show --count 0", "--count must be a whole number from 1 to 1000, not '0'")]
    [InlineData("show --cuont 3", "no option '--cuont' in 'gpucnn show'; did you mean --count?")]
    [InlineData("show --seed x", "--seed must be a whole number of at least 0, not 'x'")]
    [InlineData("show --index -1", "--index: '-1' is not allowed: give numbers from 0")]
    [InlineData("show --index 1,,2", "--index: '1,,2' is not allowed")]
    [InlineData("show --index 100 --data DATA", "--index: no image 100: the split has 0 to 99")]
    [InlineData("show --index 1 --class Bag", "--class: not together with --index")]
    [InlineData("show --wrong", "--wrong: only a model can be right or wrong; give its --weights")]
    [InlineData("show --right --wrong --weights CNN1", "--wrong: not together with --right")]
    [InlineData("show --split all", "--split: no split 'all': give test or train")]
    [InlineData("show --data NONE", "NONE: there is no such folder")]
    [InlineData("show --weights FILE", "FILE: ")]
    [InlineData("show NONE", "NONE: there is no such file")]
    [InlineData("show EMPTY", "EMPTY: it is a folder; give image files")]
    [InlineData("show FILE", "FILE: it is no image that can be read")]
    [InlineData("show FILE --class Bag", "--class: it chooses from the data set; files are shown as given")]
    [InlineData("show --output sheet.jpg", "sheet.jpg: only .png files are written")]
    [InlineData("show --output no/such/folder/sheet.png", "no/such/folder/sheet.png: there is no folder")]
    [InlineData("models vgg", "no model 'vgg': there are cnn1, cnn2, cnn3, small")]
    [InlineData("models cnn1 cnn2", "'cnn2' is more than 'gpucnn models' takes")]
    [InlineData("models cnn1 --model cnn2", "--model: 'cnn1' names a model already")]
    [InlineData("models --batch-size 0", "--batch-size must be a whole number from 1 to 65536, not '0'")]
    [InlineData("models --diagram x.svg", "--diagram: name the model to draw: cnn1, cnn2, cnn3, small")]
    [InlineData("models cnn1 --diagram x.png", "x.png: only .svg files are written")]
    [InlineData("models cnn1 --diagrm x.svg", "no option '--diagrm' in 'gpucnn models'; did you mean --diagram?")]
    [InlineData("models --model vgg", "--model: no model 'vgg'")]
    [InlineData("models NONE.json", "there is no such file")]
    [InlineData("models BAD.json", "BAD.json: layer 2 (dense) has no 'units': give a whole number from 1 to 65536")]
    [InlineData("train --model BAD.json", "BAD.json: layer 2 (dense) has no 'units'")]
    [InlineData("train --model ./none", "./none: there is no such file")]
    [InlineData("evaluate --weights CNN1 --model BAD.json", "BAD.json: layer 2 (dense) has no 'units'")]
    [InlineData("explain --weights CNN1 --model BAD.json", "BAD.json: layer 2 (dense) has no 'units'")]
    [InlineData("train --progress bar", "--progress: no style 'bar': give auto, live, plain, none")]
    [InlineData("watch NONE", "NONE: there is no such folder")]
    [InlineData("watch FILE", "FILE: it is a file, give a run folder")]
    [InlineData("watch EMPTY", "EMPTY: it is no run folder, it has no state.json")]
    [InlineData("watch", "Required argument 'RUN' missing for command: 'watch'")]
    [InlineData("export --weights CNN1 --output x.onnx", "--format: it is required: What to write")]
    [InlineData("export --weights CNN1 --format onnx", "--output: it is required")]
    [InlineData("export --weights CNN1 --format tflite --output x.onnx", "--format: no format 'tflite': give onnx or safetensors")]
    [InlineData("export --weights CNN1 --format onnx --output x.safetensors", "x.safetensors: only .onnx files are written")]
    [InlineData("export --weights CNN1 --format safetensors --output x.safetensors --check", "--check: it runs the graph of an ONNX file")]
    [InlineData("export --weights CNN1 --format onnx --output nowhere/x.onnx", "nowhere/x.onnx: there is no folder")]
    [InlineData("export --weights CNN1 --format onnx --output x.onnx --classes a,b", "--classes: 2 names for the 10 classes of model cnn1")]
    [InlineData("export --weights CNN1 --format onnx --output x.onnx --classes a,b,a", "--classes: 'a,b,a' has a name that is empty or there twice")]
    [InlineData("export --weights CNN1 --format onnx --output x.onnx --check --data NONE", "NONE: there is no such folder")]
    [InlineData("export --weights FILE --format onnx --output x.onnx", "FILE: ")]
    [InlineData("import", "--output: it is required: File to write")]
    [InlineData("import NONE --output x.safetensors", "NONE: it is not known what it is; give a file of Keras (.h5) or safetensors")]
    [InlineData("import none.h5 --output x.safetensors", "none.h5: there is no such file")]
    [InlineData("import m.pt --output x.safetensors", "m.pt: files of torch.save are not read; save with safetensors.torch.save_file")]
    [InlineData("import m.keras --output x.safetensors", "m.keras: this format of Keras is not read")]
    [InlineData("completion tcsh", "completion: no script for 'tcsh': give bash, zsh, fish, powershell")]
    [InlineData("devices --accelerator cpu:7", "no accelerator 'cpu:7'")]
    public void One_line_names_the_culprit(string commandLine, string expected)
    {
        string output = tiny.New("out"), runs = tiny.New("runs");
        string[] args = [.. commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Place)];
        if (args is ["train", ..])
        {
            args = [.. args, "--output", output];
        }
        CommandRun run = CommandRun.Of(new Host(new StringWriter(), new StringWriter()) { Runs = runs }, args);
        Assert.Equal(2, run.ExitCode);
        string line = Assert.Single(run.ErrorLines);
        Assert.StartsWith("gpucnn: ", line, StringComparison.Ordinal);
        string word = expected.Split(':')[0];
        Assert.Contains(expected.Replace(word, Place(word), StringComparison.Ordinal), line, StringComparison.Ordinal);
        Assert.Empty(run.Out);
        Assert.False(Path.Exists(output));
        Assert.False(Path.Exists(runs));
    }

    [Fact]
    public void An_output_path_that_is_a_file_or_below_one_is_refused()
    {
        foreach (string path in (string[])[tiny.Weights, Path.Combine(tiny.Weights, "run"), Path.Combine(tiny.Weights, "a", "b")])
        {
            CommandRun run = CommandRun.Of("train", "--data", tiny.Data, "--output", path);
            Assert.Equal(2, run.ExitCode);
            string line = Assert.Single(run.ErrorLines);
            Assert.Contains(path, line, StringComparison.Ordinal);
            Assert.Contains("file", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_output_folder_with_something_in_it_is_refused_and_left_alone()
    {
        string folder = tiny.New("full");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "mine.txt"), "mine");
        CommandRun run = CommandRun.Of("train", "--data", tiny.Data, "--output", folder);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"{folder}: the folder is not empty", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void A_folder_of_runs_that_is_a_file_is_refused()
    {
        CommandRun run = CommandRun.Of(new Host(new StringWriter(), new StringWriter()) { Runs = tiny.Weights }, "train", "--data", tiny.Data, "--accelerator", "cpu");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(tiny.Weights, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stack_trace_is_shown_only_when_asked_for()
    {
        string[] args = ["evaluate", "--weights", Place("NONE")];
        Assert.DoesNotContain("   at ", CommandRun.Of(args).Error, StringComparison.Ordinal);
        CommandRun verbose = CommandRun.Of([.. args, "--verbose"]);
        Assert.Equal(2, verbose.ExitCode);
        Assert.Contains("   at GpuCnn.", verbose.Error, StringComparison.Ordinal);
    }

    /// <summary>Puts a path where a test names one in capitals.</summary>
    private string Place(string word)
    {
        string path = Path.Combine(tiny.Root, word);
        switch (word)
        {
            case "NONE":
                return path;
            case "DATA":
                return tiny.Data;
            case "CNN1":
                return tiny.Weights;
            case "FILE":
                File.WriteAllText(path, "neither images nor weights");
                return path;
            case "BAD.json":
                File.WriteAllText(path, """{ "name": "bad", "input": [1, 28, 28], "layers": [{ "kind": "flatten" }, { "kind": "dense" }] }""");
                return path;
            case "EMPTY":
                Directory.CreateDirectory(path);
                return path;
            case "CUT":
                Directory.CreateDirectory(path);
                foreach (string file in Directory.EnumerateFiles(tiny.Data))
                {
                    File.WriteAllBytes(Path.Combine(path, Path.GetFileName(file)), File.ReadAllBytes(file)[..30]);
                }
                return path;
            case "NAN":
                WeightsFile.Save(path, TinyData.Tensors(ModelZoo.Cnn1, float.NaN));
                return path;
            case "TWO":
                var two = new ModelDefinition("two", new TensorShape(1, 28, 28), 1, new Flatten(), new Dense(2));
                new TrainedModel(two, TinyData.Tensors(two, 0.01f)).Save(path);
                return path;
            case "STRANGE":
                WeightsFile.Save(path, [new WeightTensor("conv9.weight", [1], [1])]);
                return path;
            default:
                return word;
        }
    }
}
