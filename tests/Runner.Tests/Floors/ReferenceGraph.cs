using System.Text.RegularExpressions;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace GpuCnn.Runner.Tests.Floors;

/// <summary>Which source files of a project refer to which: read from the compiled assembly, so that nothing the compiler infers is missed.</summary>
internal sealed partial class ReferenceGraph
{
    private readonly Dictionary<string, string> files = [];
    private readonly Dictionary<string, HashSet<string>> references = [];

    /// <summary>Reads a project.</summary>
    /// <param name="assembly">The compiled assembly's file.</param>
    /// <param name="source">The project's folder.</param>
    public ReferenceGraph(string assembly, string source)
    {
        foreach (string file in Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories))
        {
            Declare(Path.GetRelativePath(source, file).Replace('\\', '/'), File.ReadAllText(file));
        }
        using AssemblyDefinition read = AssemblyDefinition.ReadAssembly(assembly);
        foreach (TypeDefinition type in read.MainModule.Types.Where(type => files.ContainsKey(type.FullName)))
        {
            Visit(type, references.TryGetValue(files[type.FullName], out HashSet<string>? found) ? found : references[files[type.FullName]] = []);
        }
    }

    /// <summary>The files, as paths within the project, that have a type in the assembly.</summary>
    public IReadOnlyCollection<string> Files => references.Keys;

    /// <summary>The files that a file refers to.</summary>
    public IEnumerable<string> Of(string file) => references[file].Where(other => other != file);

    /// <summary>The largest set of files each of which refers to every other, perhaps through others of them (Tarjan's strongly connected components).</summary>
    public IReadOnlyList<string> LargestCircle()
    {
        var index = new Dictionary<string, int>();
        var low = new Dictionary<string, int>();
        var stack = new Stack<string>();
        List<string> largest = [];
        foreach (string file in Files.Where(file => !index.ContainsKey(file)).ToArray())
        {
            Connect(file);
        }
        return largest;

        void Connect(string file)
        {
            low[file] = index[file] = index.Count;
            stack.Push(file);
            foreach (string other in Of(file).Where(references.ContainsKey))
            {
                if (!index.TryGetValue(other, out int seen))
                {
                    Connect(other);
                    low[file] = Math.Min(low[file], low[other]);
                }
                else if (stack.Contains(other))
                {
                    low[file] = Math.Min(low[file], seen);
                }
            }
            if (low[file] == index[file])
            {
                var circle = new List<string>();
                string last;
                do
                {
                    circle.Add(last = stack.Pop());
                }
                while (last != file);
                largest = circle.Count > largest.Count ? circle : largest;
            }
        }
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^(?:public|internal|file)[\w ]*?\b(?:class|record struct|record class|record|struct|enum|interface|delegate [\w<>?., ]+?) (\w+)(?:<([^>]*)>)?", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    private void Declare(string file, string text)
    {
        string space = Namespace().Match(text) is { Success: true } match ? match.Groups[1].Value + "." : "";
        foreach (Match declared in Declaration().Matches(text))
        {
            string parameters = declared.Groups[2].Value;
            // A type may be spread over several files: the first in order stands for it.
            files.TryAdd($"{space}{declared.Groups[1].Value}{(parameters.Length == 0 ? "" : $"`{parameters.Split(',').Length}")}", file);
        }
    }

    private void Visit(TypeDefinition type, HashSet<string> found)
    {
        Add(type.BaseType, found);
        Generics(type, found);
        foreach (InterfaceImplementation each in type.Interfaces)
        {
            Add(each.InterfaceType, found);
        }
        foreach (FieldDefinition field in type.Fields)
        {
            Add(field.FieldType, found);
        }
        foreach (MethodDefinition method in type.Methods)
        {
            Signature(method, found);
            Generics(method, found);
            if (method.HasBody)
            {
                Body(method.Body, found);
            }
        }
        foreach (TypeDefinition nested in type.NestedTypes)
        {
            Visit(nested, found);
        }
    }

    private void Body(MethodBody body, HashSet<string> found)
    {
        foreach (VariableDefinition variable in body.Variables)
        {
            Add(variable.VariableType, found);
        }
        foreach (Instruction instruction in body.Instructions)
        {
            switch (instruction.Operand)
            {
                case TypeReference type:
                    Add(type, found);
                    break;
                case FieldReference field:
                    Add(field.DeclaringType, found);
                    Add(field.FieldType, found);
                    break;
                case MethodReference method:
                    Add(method.DeclaringType, found);
                    Signature(method, found);
                    break;
            }
        }
    }

    private void Signature(MethodReference method, HashSet<string> found)
    {
        Add(method.ReturnType, found);
        foreach (ParameterDefinition parameter in method.Parameters)
        {
            Add(parameter.ParameterType, found);
        }
        if (method is GenericInstanceMethod generic)
        {
            foreach (TypeReference argument in generic.GenericArguments)
            {
                Add(argument, found);
            }
        }
    }

    private void Generics(IGenericParameterProvider provider, HashSet<string> found)
    {
        foreach (GenericParameterConstraint constraint in provider.GenericParameters.SelectMany(parameter => parameter.Constraints))
        {
            Add(constraint.ConstraintType, found);
        }
    }

    private void Add(TypeReference? type, HashSet<string> found)
    {
        if (type is GenericInstanceType generic)
        {
            foreach (TypeReference argument in generic.GenericArguments)
            {
                Add(argument, found);
            }
        }
        TypeReference? element = type?.GetElementType();
        if (element is null or GenericParameter)
        {
            return;
        }
        if (element is TypeSpecification)
        {
            Add(element, found);
            return;
        }
        while (element.DeclaringType is { } outer)
        {
            element = outer;
        }
        if (files.TryGetValue(element.FullName, out string? file))
        {
            found.Add(file);
        }
    }
}
