#!/usr/bin/env bash
# Makes man pages from --help: picovae.1 and one a command, as picovae-train.1.
#   man_pages.sh PROGRAM FOLDER
set -euo pipefail
program=$1 folder=$2
# No folder of this machine becomes a default.
export HOME='~' LC_ALL=C
unset XDG_CACHE_HOME
version=$("$program" --version | awk '{ print $2 }')
rm -rf "$folder"
mkdir -p "$folder"

# page NAME COMMAND-LINE: its title is the first line of its --help. How many threads this machine has is left out.
page() {
  local title
  title=$($2 --help | sed -n 1p)  # not head: it would close the pipe before all is written
  help2man --no-info --source="picovae $version" --version-string="$version" --name="${title%.}" "$2" |
    sed -E "s|^\.TH [A-Z]+ |.TH ${1^^} |; s|^${2##*/} ([\\]- )|$1 \1|; s|(threads.* N)=[0-9]+$|\1|" > "$folder/$1.1"
}
page picovae "$program"
for command in $("$program" --help | awk '/^[A-Z]/ { in_list = /^Subcommands:/ } in_list && /^  [a-z]/ { print $1 }'); do
  page "picovae-$command" "$program $command"
done
