#!/bin/sh
# The CNI plugin for hosts where no C compiler built cni-entry.c: the same framing with sh and curl, and nothing else.
# Environment, besides CNI_*: TKE_ENI_AGENT_SOCKET, TKE_ENI_AGENT_TOMBSTONES, TKE_ENI_AGENT_TIMEOUT_SECONDS (1 to 60).
umask 077
# Runtimes start plugins with little in their environment.
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/sbin:/sbin
socket=${TKE_ENI_AGENT_SOCKET:-/run/tke-eni-agent/agent.sock}
tombstones=${TKE_ENI_AGENT_TOMBSTONES:-/var/lib/cni/tke-eni-agent/tombstones}
seconds=${TKE_ENI_AGENT_TIMEOUT_SECONDS:-60}
limit=1048576
cr=$(printf '\r')
newline='
'

# Code, message, reason. What would need escaping is left out, since it only ever is a name or a reason.
fail() {
  plain=$(printf %s "$2${3:+: $3}" | tr -d '"\\[:cntrl:]')
  printf '{"cniVersion":"1.1.0","code":%d,"msg":"%s"}\n' "$1" "$plain"
  exit 1
}

work=$(mktemp -d) || fail 5 "no temporary directory in ${TMPDIR:-/tmp}"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Deletion must not depend on the agent: it is recorded so that it survives a power cut, and done when the agent is back.
leave_tombstone() {
  case $CNI_CONTAINERID in
  '' | .* | *[!A-Za-z0-9_.-]*) fail 4 "CNI_CONTAINERID is not a container id: $CNI_CONTAINERID" ;;
  esac
  [ ${#CNI_CONTAINERID} -le 200 ] || fail 4 "CNI_CONTAINERID is not a container id: $CNI_CONTAINERID"
  temporary=$tombstones/.$CNI_CONTAINERID.$$
  if mkdir -p "$tombstones" 2>"$work/reason" &&
    { cat "$work/headers" && printf '\r\n' && cat "$work/body"; } 2>"$work/reason" >"$temporary" &&
    { sync "$temporary" 2>/dev/null || sync; } && mv "$temporary" "$tombstones/$CNI_CONTAINERID" 2>"$work/reason"; then
    sync "$tombstones" 2>/dev/null || sync
    exit 0
  fi
  rm -f "$temporary" 2>/dev/null
  fail 5 "tke-eni-agent is not reachable, and the deletion could not be recorded in $tombstones" "$(cat "$work/reason")"
}

head -c $((limit + 1)) >"$work/body"
[ "$(wc -c <"$work/body")" -le $limit ] ||
  fail 6 'the network configuration on stdin (at most 1 MiB) could not be read' 'File too large'
case ${CNI_COMMAND-} in
VERSION)
  echo '{"cniVersion":"1.1.0","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]}'
  exit 0
  ;;
ADD | DEL | CHECK | STATUS | GC) ;;
*) fail 4 "CNI_COMMAND must be ADD, DEL, CHECK, STATUS, GC or VERSION, not: ${CNI_COMMAND-}" ;;
esac
# The IPAM name exists because network configurations carry it; addresses are handed out inside ADD of tke-route-eni.
if [ "${0##*/}" = tke-eni-ipamc ]; then
  [ "$CNI_COMMAND" = DEL ] && exit 0
  fail 7 'tke-eni-ipamc is no plugin of its own: use type tke-route-eni'
fi

: >"$work/headers"
set --
# "Header CNI_VARIABLE value"; a variable that is not set has no header.
for field in "Command CNI_COMMAND $CNI_COMMAND" "ContainerID CNI_CONTAINERID ${CNI_CONTAINERID-}" "Netns CNI_NETNS ${CNI_NETNS-}" \
  "IfName CNI_IFNAME ${CNI_IFNAME-}" "Args CNI_ARGS ${CNI_ARGS-}" "Path CNI_PATH ${CNI_PATH-}"; do
  header=X-CNI-${field%% *}
  rest=${field#* }
  value=${rest#* }
  [ -n "$value" ] || continue
  case $value in
  *"$cr"* | *"$newline"*) fail 4 "holds a line break or is too long: ${rest%% *}" ;;
  esac
  printf '%s: %s\r\n' "$header" "$value" >>"$work/headers"
  set -- "$@" -H "$header: $value"
done
[ "$(wc -c <"$work/headers")" -lt 65536 ] || fail 4 'holds a line break or is too long: CNI_ARGS'

# curl takes a head that was cut off for a whole one; the agent always says how long its answer is.
if ! status=$(curl -q -sS --noproxy '*' --max-time "$seconds" --unix-socket "$socket" -D "$work/head" -o "$work/answer" \
  -w '%{http_code}' -H 'Expect:' -H 'Content-Type: application/json' "$@" --data-binary "@$work/body" \
  http://agent/cni 2>"$work/reason") || ! grep -qi '^content-length:' "$work/head"; then
  case $CNI_COMMAND in
  DEL) leave_tombstone ;;
  STATUS) fail 50 "tke-eni-agent is not reachable at $socket" "$(cat "$work/reason")" ;;
  *) fail 11 "tke-eni-agent is not reachable at $socket" "$(cat "$work/reason")" ;;
  esac
fi
[ ! -f "$work/answer" ] || cat "$work/answer"
[ "$status" = 200 ]
