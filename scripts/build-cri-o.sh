#!/usr/bin/env bash
# Builds crio, pinns and NRI's hook-injector for test/live/node*.test.ts, from clones of their repositories: no suite of
# Debian has them. CRI-O's vendor/ also has what hook-injector imports.
#   git clone --depth 1 https://github.com/cri-o/cri-o && git clone --depth 1 https://github.com/containerd/nri
#   scripts/build-cri-o.sh cri-o nri DIRECTORY
#   SECCOMP_GEN_CRIO=DIRECTORY npx tap test/live/node.test.ts
#   SECCOMP_GEN_CRIO=DIRECTORY SECCOMP_GEN_HOOK_INJECTOR=DIRECTORY/hook-injector npx tap test/live/node-hook.test.ts
# Needs the Go of CRI-O's go.mod (GOROOT names it), gcc, libseccomp-dev and libsqlite3-dev; some twenty minutes. Nothing
# is downloaded (GOPROXY=off).
set -euo pipefail
usage='usage: scripts/build-cri-o.sh CRI-O-CLONE NRI-CLONE DIRECTORY'
crio=$(realpath "${1:?$usage}") nri=$(realpath "${2:?$usage}") directory=$(realpath -m "${3:?$usage}")
mkdir -p "$directory"

# Go takes nothing into a build from outside the tree, so a copy gets the plugin.
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp -r "$crio/." "$tree"
mkdir "$tree/cmd/hook-injector"
cp "$nri/plugins/hook-injector/hook-injector.go" "$tree/cmd/hook-injector/main.go"

export GOFLAGS=-mod=vendor GOPROXY=off GOTOOLCHAIN=local
PATH=${GOROOT:+$GOROOT/bin:}$PATH
cd "$tree"
go build -trimpath -o "$directory/" ./cmd/hook-injector
# http2legacy: from Go 1.27 on, CRI-O's golang.org/x/net lacks a name that its grpc uses.
tags='containers_image_openpgp containers_image_ostree_stub exclude_graphdriver_btrfs http2legacy libsqlite3 seccomp'
go build -trimpath -tags "$tags" -ldflags '-s -w' -o "$directory/" ./cmd/crio
make -s -C pinns
cp bin/pinns "$directory/"
