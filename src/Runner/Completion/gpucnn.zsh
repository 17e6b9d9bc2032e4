#compdef gpucnn
# Completion of gpucnn for zsh.
_gpucnn() {
  local line="${(j: :)words[1,CURRENT]}" text rest
  local -a plain folders described
  while IFS=$'\t' read -r text rest; do
    if [[ $text == */ ]]; then
      folders+=("$text")
    elif [[ -n $rest ]]; then
      described+=("${text//:/\\:}:$rest")
    else
      plain+=("$text")
    fi
  done < <("${(Q)words[1]/#\~\//$HOME/}" "[suggest:${#line}]" "$line" 2>/dev/null)
  (( $#folders )) && compadd -S '' -- "${folders[@]}"
  (( $#plain )) && compadd -- "${plain[@]}"
  (( $#described )) && _describe gpucnn described
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _gpucnn "$@"; else compdef _gpucnn gpucnn; fi
