#!/bin/sh
# Builds a real control plane for the parity suite from Debian's packages alone: build.sh DEST
#
# DEST gets kube-apiserver, kube-controller-manager (Kubernetes 1.20.2, the newest complete source tree that Debian carries) and etcd;
# then: KUBEBUILDER_ASSETS=DEST npm run test:parity
# Takes about five minutes on two cores and 4 GB of disk; needs Debian bookworm, and root for the packages to build with.
# A second run with the same DEST keeps what is there.
set -eu
[ $# = 1 ] || { echo "usage: $0 DEST" >&2; exit 2; }
mkdir -p "$1"
dest=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/debian.sh"

if [ -x "$dest/kube-apiserver" ] && [ -x "$dest/kube-controller-manager" ] && [ -x "$dest/etcd" ]; then
  echo "$dest has everything"
  exit 0
fi

# 1. What it is built with. etcd is Debian's own binary.
missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need go golang-go
need make make
need rsync rsync
need jq jq
need dpkg-source dpkg-dev
need etcd etcd-server
if [ -n "$missing" ]; then
  apt-get update -qq
  # etcd-server would start a service of its own at once; nothing here needs one.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi
cp "$(command -v etcd)" "$dest/etcd"

# 2. The source, with Debian's patches.
work=${TMPDIR:-/tmp}/trunkline-real-kubernetes
mkdir -p "$work"
debian_suite "$work/apt" bookworm
cd "$work"
[ -f source/cmd/kube-apiserver/apiserver.go ] || {
  rm -rf source
  apt-get $suite_apt source --download-only kubernetes
  dpkg-source --no-check -x kubernetes_*.dsc source
}

# Its copy of reflect2 reads Go's maps as Go laid them out before 1.18 and crashes when built with a later one; Debian's does not.
[ -f reflect2.done ] || {
  (mkdir -p reflect2 && cd reflect2 && apt-get $suite_apt download golang-github-modern-go-reflect2-dev)
  dpkg-deb -x reflect2/*.deb reflect2/root
  rm -rf source/vendor/github.com/modern-go/reflect2
  cp -r reflect2/root/usr/share/gocode/src/github.com/modern-go/reflect2 source/vendor/github.com/modern-go/reflect2
  find source/vendor/github.com/modern-go/reflect2 -name '*_test.go' -delete
  touch reflect2.done
}

# 3. The build. Its own scripts look the module up through a GOPATH; HOME keeps the build cache out of the user's.
cd source
mkdir -p .go/src/k8s.io
[ -e .go/src/k8s.io/kubernetes ] || ln -s ../../.. .go/src/k8s.io/kubernetes
for program in kube-apiserver kube-controller-manager; do
  HOME="$work" GOPATH="$PWD/.go" GOPROXY=off CGO_ENABLED=0 make WHAT="cmd/$program"
  cp "_output/local/go/bin/$program" "$dest/$program"
done
"$dest/kube-apiserver" --version
