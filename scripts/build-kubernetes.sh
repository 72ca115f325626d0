#!/usr/bin/env bash
# Builds the programs of Kubernetes 1.20 for test/live/cluster.test.ts, from Debian's source package, and takes etcd from
# Debian's archive: Debian has no package of the API server or the kubelet, and this source is the last that it has.
#   scripts/build-kubernetes.sh DIRECTORY
#   SECCOMP_GEN_KUBERNETES=DIRECTORY/bin npx tap test/live/cluster.test.ts
# Needs golang-1.19-go, rsync, jq and dpkg-dev; 4 GB of space; some ten minutes. Nothing is downloaded but Debian's
# packages (GOPROXY=off).
set -euo pipefail
directory=$(realpath -m "${1:?usage: scripts/build-kubernetes.sh DIRECTORY}")
mkdir -p "$directory"/{bin,source,packages,go/src/k8s.io,lists/partial,cache/archives/partial}

# This apt knows only bookworm and its sources, whatever the machine's own is told.
signed='signed-by=/usr/share/keyrings/debian-archive-keyring.gpg'
for kind in deb deb-src; do echo "$kind [$signed] http://deb.debian.org/debian bookworm main"; done >"$directory/sources"
cat >"$directory/apt.conf" <<END
Dir::Etc::sourcelist "$directory/sources";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$directory/lists";
Dir::Cache "$directory/cache";
END
export APT_CONFIG=$directory/apt.conf
apt-get -qq update
cd "$directory/source"
apt-get -qq source --download-only kubernetes
tree=$directory/go/src/k8s.io/kubernetes
rm -rf "$tree" && mkdir "$tree"
tar xzf kubernetes_*.orig.tar.gz --strip-components=1 -C "$tree"

# The source's own reflect2 reads the run-time's tables as Go 1.15 had them.
cd "$directory/packages"
apt-get -qq download golang-github-modern-go-reflect2-dev etcd-server
for each in *.deb; do dpkg-deb -x "$each" root; done
cp root/usr/bin/etcd "$directory/bin/"
rm -rf "$tree/vendor/github.com/modern-go/reflect2"
cp -r root/usr/share/gocode/src/github.com/modern-go/reflect2 "$tree/vendor/github.com/modern-go/"

export PATH=/usr/lib/go-1.19/bin:$PATH
export GOPATH=$directory/go GOCACHE=$directory/cache GO111MODULE=off GOPROXY=off GOFLAGS=
export KUBE_GIT_VERSION=v1.20.2 KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20 KUBE_GIT_COMMIT=0 KUBE_GIT_TREE_STATE=archive
cd "$tree"
make generated_files
flags='-s -w'
for package in component-base/version client-go/pkg/version; do
  for each in gitVersion=v1.20.2 gitMajor=1 gitMinor=20 gitCommit=0 gitTreeState=archive buildDate=2021-01-13T00:00:00Z; do
    flags="$flags -X k8s.io/kubernetes/vendor/k8s.io/$package.$each"
  done
done
go build -ldflags "$flags" -o "$directory/bin/" \
  ./cmd/kube-apiserver ./cmd/kube-controller-manager ./cmd/kube-scheduler ./cmd/kubelet
