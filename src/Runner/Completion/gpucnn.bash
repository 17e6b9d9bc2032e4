# Completion of gpucnn for bash.
_gpucnn() {
  local cur=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} text lead
  # bash parts words at : and = too, and replaces only what is behind; the part before it is cut off each completion.
  lead=${line##*[[:blank:]]}
  if [[ $lead == *[:=]* && $COMP_WORDBREAKS == *:* ]]; then lead=${lead%"${lead##*[:=]}"}; else lead=; fi
  COMPREPLY=()
  while IFS=$'\t' read -r text _; do
    [[ $text == "$lead"* ]] || continue
    text=${text#"$lead"}
    [[ $text == */ || $text == *= ]] && compopt -o nospace
    [[ $cur == [\"\']* ]] || printf -v text %q "$text"
    COMPREPLY+=("${text/#\\~\//\~/}")
  done < <("$1" "[suggest:${#line}]" "$line" 2>/dev/null)
}
complete -F _gpucnn gpucnn
