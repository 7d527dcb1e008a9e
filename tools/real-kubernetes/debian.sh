# Sourced by the build scripts: a private apt configuration beside the machine's own, for one Debian suite, sources included.
# Promises: nothing of the machine's package lists or sources changes; the mirror is the one this machine already uses.

# The first Debian mirror in the machine's own apt configuration (both of its file formats), security mirrors aside.
debian_mirror() {
  for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list; do
    [ -f "$file" ] || continue
    sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([a-z+]+:[^ ]+).*/\2/p' "$file"
  done | grep -v security | head -n 1
}

# debian_suite FOLDER SUITE: reads the lists of SUITE's main section into FOLDER and sets $suite_apt, the options to use them with.
debian_suite() {
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || { echo "no Debian mirror found under /etc/apt" >&2; return 1; }
  mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  printf '%s [signed-by=%s] %s %s main\n' deb "$key" "$mirror" "$2" deb-src "$key" "$mirror" "$2" >"$1/sources.list"
  suite_apt="-o Dir::Etc::sourcelist=$1/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$1/lists
    -o Dir::Cache=$1/cache -o APT::Sandbox::User=root -o Acquire::Languages=none"
  apt-get $suite_apt update -qq
}
