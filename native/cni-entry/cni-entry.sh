#!/bin/sh
# The CNI plugin for hosts where no C compiler built cni-entry.c: the same framing with sh and curl, and nothing else.
umask 077
socket=${TKE_ENI_AGENT_SOCKET:-/run/tke-eni-agent/agent.sock}
tombstones=${TKE_ENI_AGENT_TOMBSTONES:-/var/lib/cni/tke-eni-agent/tombstones}
limit=1048576
cr=$(printf '\r')
newline='
'

fail() {
  printf '{"cniVersion":"1.1.0","code":%d,"msg":"%s","details":"%s"}\n' "$1" "$2" "$(printf %s "$3" | tr -d '"\\[:cntrl:]')"
  exit 1
}

work=$(mktemp -d) || fail 5 'no temporary directory' "${TMPDIR:-/tmp}"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Deletion must not depend on the agent: it is recorded so that it survives a power cut, and done when the agent is back.
leave_tombstone() {
  case $CNI_CONTAINERID in
  '' | .* | *[!A-Za-z0-9_.-]*) fail 4 'CNI_CONTAINERID is no container id' "$CNI_CONTAINERID" ;;
  esac
  [ ${#CNI_CONTAINERID} -le 200 ] || fail 4 'CNI_CONTAINERID is no container id' "$CNI_CONTAINERID"
  temporary=$tombstones/.$CNI_CONTAINERID.$$
  if mkdir -p "$tombstones" && { cat "$work/headers" && printf '\r\n' && cat "$work/body"; } >"$temporary" &&
    { sync "$temporary" 2>/dev/null || sync; } && mv "$temporary" "$tombstones/$CNI_CONTAINERID"; then
    sync "$tombstones" 2>/dev/null || sync
    exit 0
  fi
  rm -f "$temporary"
  fail 5 'the deletion could not be recorded' "$tombstones"
}

head -c $((limit + 1)) >"$work/body"
[ "$(wc -c <"$work/body")" -le $limit ] ||
  fail 6 'the network configuration on stdin could not be read (at most 1 MiB)' 'more than 1 MiB'
if [ "$CNI_COMMAND" = VERSION ]; then
  echo '{"cniVersion":"1.1.0","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]}'
  exit 0
fi

: >"$work/headers"
set --
for pair in "Command $CNI_COMMAND" "ContainerID $CNI_CONTAINERID" "Netns $CNI_NETNS" "IfName $CNI_IFNAME" \
  "Args $CNI_ARGS" "Path $CNI_PATH"; do
  case $pair in
  *"$cr"* | *"$newline"*) fail 4 'a CNI_ variable holds a line break or is too long' "${pair%% *}" ;;
  esac
  printf 'X-CNI-%s: %s\r\n' "${pair%% *}" "${pair#* }" >>"$work/headers"
  # A header without a value is how curl is told to leave one out.
  [ -z "${pair#* }" ] || set -- "$@" -H "X-CNI-${pair%% *}: ${pair#* }"
done

status=$(curl -q -s --noproxy '*' --max-time 60 --unix-socket "$socket" -o "$work/answer" -w '%{http_code}' \
  -H 'Expect:' -H 'Content-Type: application/json' "$@" --data-binary "@$work/body" http://agent/cni)
if [ $? -ne 0 ]; then
  case $CNI_COMMAND in
  DEL) leave_tombstone ;;
  STATUS) fail 50 'the agent of this node does not answer' "$socket" ;;
  *) fail 11 'the agent of this node does not answer; try again' "$socket" ;;
  esac
fi
[ ! -f "$work/answer" ] || cat "$work/answer"
[ "$status" = 200 ]
