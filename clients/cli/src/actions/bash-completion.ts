/**
 * Plain bash: most fresh machines lack the functions of the bash-completion package.
 * The typed words are passed on as arguments and never evaluated. bash splits `--option=value` and `run:step` into three words; they are
 * rejoined here, and what is before the colon is cut off the replies, because bash replaces only the last of the three.
 */
export const bashCompletion = `# bash completion for llmteam
__llmteam_complete() {
    local cur=\${COMP_WORDS[COMP_CWORD]//\\\\/} words=() word glue= reply head
    for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
        word=\${word//\\\\/}
        if [[ ( $word == '=' || $word == ':' || -n $glue ) && \${#words[@]} -gt 0 ]]; then
            words[\${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        glue=
        [[ $word == '=' || $word == ':' ]] && glue=yes
    done
    [[ $cur == '=' || $cur == ':' ]] && cur=
    head=\${words[\${#words[@]}-1]}
    head=\${head%"$cur"}
    COMPREPLY=()
    while IFS= read -r reply; do
        reply=\${reply%%$'\\t'*}
        [[ $head == *: ]] && reply=\${reply#"$head"}
        # The last line is a directive for other shells: a colon and a number.
        [[ $reply == "$cur"* && $reply != :* ]] && COMPREPLY+=("$(printf '%q' "$reply")")
    done < <(llmteam complete -- "\${words[@]}" 2>/dev/null)
    if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F __llmteam_complete llmteam
`;
