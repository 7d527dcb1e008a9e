#!/bin/sh
# Makes a checkout runnable: npm packages, system tools, the CNI entry. Quiet and quick when nothing is missing.
# With the argument `tests`, also what only tests and benchmarks need.
# Environment: TRUNKLINE_SETUP_NO_APT=1 never installs system packages, only names them.
set -eu
cd "$(dirname "$0")/.."

# 1. npm packages, when the tree is missing or older than the lock file.
stamp=node_modules/.trunkline-lock
if ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
  echo "setup: installing npm packages" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$stamp"
fi

# 2. System tools. Each line: command, Debian package that carries it.
missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
PATH="$PATH:/usr/sbin:/sbin"
need ip iproute2
need nft nftables
need unshare util-linux
need nsenter util-linux
need busybox busybox-static
need curl curl
# The lab forgets flows to Pods that are gone with it; without it they end by their time-out.
need conntrack conntrack
if [ "${1:-}" = tests ]; then
  # A guest whose kernel has 802.1Q and IPVS, a runtime that is not ours, and the plugins that ours is measured against.
  need linux.uml user-mode-linux
  need ipvsadm ipvsadm
  need containerd containerd
  need runc runc
  [ -x /usr/lib/cni/ptp ] || missing="$missing containernetworking-plugins"
  # Whether a deletion is on disk before it is told as done.
  need strace strace
  if [ "$(uname -m)" = x86_64 ]; then
    # Our C programs for the other processor.
    need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
    need qemu-aarch64-static qemu-user-static
    [ -f /usr/aarch64-linux-gnu/lib/libc.a ] || missing="$missing libc6-dev-arm64-cross"
  fi
fi
if [ ! -x build/cni-entry ] || [ ! -x build/ip-batch ] || [ ! -x build/container-io ]; then
  need gcc gcc
  # A static binary needs the C library's archive, which Debian keeps in libc6-dev.
  [ -n "$(find /usr/lib -name libc.a 2>/dev/null | head -n 1)" ] || missing="$missing libc6-dev"
fi
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ' | sed 's/ $//')
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && [ "${TRUNKLINE_SETUP_NO_APT:-0}" != 1 ]; then
    echo "setup: installing system packages: $missing" >&2
    log=$(mktemp)
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
      cat "$log" >&2
      echo "setup: apt-get could not install: $missing" >&2
    fi
    rm -f "$log"
  else
    echo "setup: missing system tools; on Debian or Ubuntu install them with: sudo apt-get install $missing" >&2
    echo "setup: without them, conntrack and what only tests need apart, the lab runs without packets and the tests that send packets fail" >&2
  fi
fi

# 3. The CNI entry: one static C file; where no compiler is at hand the sh fallback is used.
if [ -f native/cni-entry/cni-entry.c ]; then
  if [ ! -x build/cni-entry ] || [ native/cni-entry/cni-entry.c -nt build/cni-entry ]; then
    if command -v gcc >/dev/null 2>&1; then
      mkdir -p build
      sh native/cni-entry/build.sh build/cni-entry
    else
      echo "setup: no C compiler: the CNI entry is the sh and curl fallback" >&2
    fi
  fi
fi

# 4. What carries batches for the kernel out without a process for each; without it the agent starts ip for every one.
if [ ! -x build/ip-batch ] || [ -n "$(find native/ip-batch -newer build/ip-batch -name '*.[ch]')" ]; then
  if command -v gcc >/dev/null 2>&1; then
    mkdir -p build
    sh native/ip-batch/build.sh build/ip-batch
  else
    echo "setup: no C compiler: the agent starts ip for every batch" >&2
  fi
fi

# 5. What carries the input and output of the lab's containers; without it the lab has no exec, attach, port-forward and logs.
if [ ! -x build/container-io ] || [ -n "$(find native/container-io -newer build/container-io -name '*.[ch]')" ]; then
  if command -v gcc >/dev/null 2>&1; then
    mkdir -p build
    sh native/container-io/build.sh build/container-io
  else
    echo "setup: no C compiler: the lab runs without kubectl exec, attach, port-forward and logs" >&2
  fi
fi
