#!/bin/sh
# Builds a server for newer rules than build.sh can give: build-libraries.sh DEST
#
# DEST gets generic-apiserver, our program in generic-server/ on the API server libraries of Debian unstable (Kubernetes 1.36),
# and etcd, built of the same packages; then: TRUNKLINE_GENERIC_APISERVER=DEST/generic-apiserver npm run test:parity
# Takes about six minutes on two cores and 3 GB of disk. Packages of unstable are unpacked into a folder, never installed.
# The packages of today are taken: when unstable moves on, the release in verified.json says with which one a case was verified.
set -eu
[ $# = 1 ] || { echo "usage: $0 DEST" >&2; exit 2; }
mkdir -p "$1"
dest=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/debian.sh"

work=${TMPDIR:-/tmp}/trunkline-kubernetes-libraries
mkdir -p "$work/debs" "$work/root" "$work/path/src/trunkline/openapi"
debian_suite "$work/apt" sid

# 1. The closure of Go library packages, less what only their tests and tools need, and a Go compiler as new as they ask for.
top=golang-k8s-apiextensions-apiserver-dev
unneeded='apache-arrow|aws-sdk|charmbracelet|circl|freetype|go-git|gofpdf|gonum|google-api-dev|google-cloud-dev|mongodb|muesli|nats|nxadm|pierrec|sha1cd|x-image'
packages=$(apt-cache $suite_apt depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$top" |
  grep -E '^golang.*-dev$' | sort -u | grep -vE "$unneeded")
go=$(apt-cache $suite_apt depends golang-go | sed -nE 's/^ *Depends: (golang-[0-9.]+-go)$/\1/p' | head -n 1)
(cd "$work/debs" && apt-get $suite_apt download -qq $packages "$go" "${go%-go}-src")
for package in "$work"/debs/*.deb; do
  case $package in
    */golang-[0-9]*) dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work/root" ;;
    # A few library packages carry nothing there (transitional ones): tar says so and that is well.
    *) dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work/root" --wildcards './usr/share/gocode/*' 2>/dev/null || true ;;
  esac
done

# 2. Debian's libraries live in a GOPATH, so the build is one of packages, not of modules.
libraries=$work/root/usr/share/gocode
release=${go%-go}
export GOROOT="$work/root/usr/lib/go-${release#golang-}" GOPATH="$work/path:$libraries"
export GO111MODULE=off GOTOOLCHAIN=local GOPROXY=off CGO_ENABLED=0 GOCACHE="$work/cache" GOFLAGS=
# The JSON decoder of Go before 1.27 words its complaints as released servers do.
export GOEXPERIMENT=nojsonv2
PATH=$GOROOT/bin:$PATH
ln -sfn "$here/generic-server" "$work/path/src/trunkline/generic-server"

# 3. The OpenAPI definitions of the kinds it serves, from the types' own comments.
go build -o "$work/openapi-gen" k8s.io/kube-openapi/cmd/openapi-gen
(cd "$work" && ./openapi-gen --go-header-file /dev/null --output-dir path/src/trunkline/openapi --output-pkg trunkline/openapi \
  --output-file generated.go --report-filename /dev/null \
  k8s.io/api/core/v1 k8s.io/api/admissionregistration/v1 k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1 \
  k8s.io/apimachinery/pkg/apis/meta/v1 k8s.io/apimachinery/pkg/runtime k8s.io/apimachinery/pkg/version \
  k8s.io/apimachinery/pkg/util/intstr k8s.io/apimachinery/pkg/api/resource)

# 4. The server says which libraries it was built of: 0.36.4 of the package is release 1.36.4.
version=$(apt-cache $suite_apt show "$top" | sed -nE 's/^Version: 0\.([0-9]+\.[0-9]+).*/\1/p' | head -n 1)
stamp=k8s.io/component-base/version
go build -o "$dest/generic-apiserver" -ldflags "-s -w -X $stamp.gitVersion=v1.$version-generic \
  -X $stamp.gitMajor=1 -X $stamp.gitMinor=${version%%.*}" trunkline/generic-server
go build -o "$dest/etcd" -ldflags '-s -w' go.etcd.io/etcd/server
echo "$dest/generic-apiserver: libraries v0.$version"
