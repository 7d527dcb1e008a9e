// The completion scripts of the three shells; all know nothing but how to ask the program.

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * The script for `trunkline`. Each passes the words up to the cursor to `trunkline __complete --` and offers the lines that come back; a line is a
 * word, or a word, a tab and what it is for.
 */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash;
    case 'zsh':
      return zsh;
    case 'fish':
      return fish;
  }
}

const bash = `# bash completion of trunkline
_trunkline() {
  local IFS=$'\\n' cur="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=($(trunkline __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
  # A word that ends in / or : goes on.
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]] && compopt -o nospace
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _trunkline trunkline
`;

const zsh = `#compdef trunkline
_trunkline() {
  local -a lines
  lines=("\${(@f)$(trunkline __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  lines=("\${(@)lines//:/\\\\:}")
  lines=("\${(@)lines/$'\\t'/:}")
  if (( \${#lines} == 0 )) || [[ -z \${lines[1]} ]]; then _files; else _describe trunkline lines; fi
}
if [ "$funcstack[1]" = "_trunkline" ]; then _trunkline "$@"; else compdef _trunkline trunkline; fi
`;

const fish = `# fish completion of trunkline
function __trunkline_complete
  set -l words (commandline -opc) (commandline -ct)
  trunkline __complete -- $words[2..-1] 2>/dev/null
end
complete -c trunkline -f -a '(__trunkline_complete)'
complete -c trunkline -n '__fish_seen_argument -s f -l filename' -F
`;
