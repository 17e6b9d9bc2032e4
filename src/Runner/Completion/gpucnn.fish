# Completion of gpucnn for fish.
function __gpucnn_complete
    set -l line (commandline -cp)
    set -l words (commandline -opc)
    eval $words[1] "'[suggest:"(string length -- "$line")"]'" (string escape -- "$line") 2>/dev/null
end
complete -c gpucnn -f -a '(__gpucnn_complete)'
