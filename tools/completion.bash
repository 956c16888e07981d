# Bash completion of picovae: commands, options, and values that have names, all of them as the program's --help says;
# anything else is a file.
_picovae() {
  local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} help words=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words=$("$program" --help 2> /dev/null | awk '
      /^  -/ { for (i = 1; i <= NF && $i ~ /^-/; ++i) { gsub(",", " ", $i); print $i } }
      /^[A-Z]/ { commands = /^Subcommands:/ }
      commands && /^  [a-z]/ { print $1 }')
  else
    help=$("$program" "${COMP_WORDS[1]}" --help 2> /dev/null)
    # The values of `--type s8|f16=s8`; a name in capitals stands for a file or a number.
    words=$(awk -v option="$before" '
      $1 == option && $2 ~ /^[a-z0-9]+(\|[a-z0-9]+)+/ { sub(/=.*/, "", $2); gsub(/\|/, " ", $2); print $2 }' <<< "$help")
    [[ -z $words && $word == -* ]] &&
      words=$(awk '/^  -/ { gsub(",", " ", $1); print $1 }' <<< "$help")
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  ((COMP_CWORD > 1)) && [[ -z $words ]] && mapfile -t COMPREPLY < <(compgen -f -- "$word")
  return 0
}
complete -o filenames -F _picovae picovae
