#!/usr/bin/env bash
# What the revision checked out changes in profiles since a base: annotations on stdout, Markdown in the step summary,
# status 1 where FAIL_ON says so, 2 where something could not be compared. Run by action.yml.
#
# Both sides are read from git's objects and never from the working tree, where a name could be a link out of it or
# stand for a revision. Names reach the program as whole words, and its reports escape them.
set -uo pipefail

say() { printf 'seccomp-gen: %s\n' "$1" >&2; }

base=${BASE:-}
if [ -z "$base" ]; then
  if [ -z "${GITHUB_BASE_REF:-}" ]; then
    say 'no base to compare with: run on pull_request, or give base'
    exit 2
  fi
  base=refs/remotes/origin/$GITHUB_BASE_REF
  git rev-parse --verify --quiet "$base^{commit}" >/dev/null ||
    git fetch --quiet --no-tags --depth=1 origin "+refs/heads/$GITHUB_BASE_REF:$base"
fi
if ! commit=$(git rev-parse --verify --quiet --end-of-options "$base^{commit}"); then
  say 'the base revision does not exist here: check that checkout fetches it'
  exit 2
fi

folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
mapfile -t pathspecs < <(printf '%s\n' "${PROFILES:-*seccomp*.json}" | sed '/^[[:space:]]*$/d')
if ! git diff --raw -z --no-abbrev --find-renames "$commit" HEAD -- "${pathspecs[@]}" >"$folder/changed"; then
  say 'git could not list the changed profiles'
  exit 2
fi

# The file of one side, its object and its mode, as git hands them to an external diff.
side() { # name mode object
  if [[ $3 =~ ^0+$ ]]; then
    words+=(/dev/null . .)
  else
    git cat-file blob "$3" >"$folder/$1" && words+=("$folder/$1" "$3" "$2")
  fi
}

options=(--fail-on "${FAIL_ON:-wider}")
[ -z "${CONTEXTS:-}" ] || options+=(--contexts "$CONTEXTS")
status=0
compared=0
while IFS=' ' read -r -d '' old_mode new_mode old_object new_object kind && IFS= read -r -d '' path; do
  words=("$path")
  renamed=()
  if [[ $kind == R* || $kind == C* ]]; then
    IFS= read -r -d '' new_path
    renamed=("$new_path" "$kind")
  fi
  if ! { side old "${old_mode#:}" "$old_object" && side new "$new_mode" "$new_object"; }; then
    say 'a changed profile is no file'
    status=2
    continue
  fi
  words+=(${renamed[@]+"${renamed[@]}"})
  compared=$((compared + 1))
  node "$GITHUB_ACTION_PATH/dist/cli.js" diff "${options[@]}" --report github -- "${words[@]}"
  result=$?
  [ "$result" -le "$status" ] || status=$result
  [ "$result" -le 1 ] || continue
  {
    node "$GITHUB_ACTION_PATH/dist/cli.js" diff "${options[@]}" --report markdown -- "${words[@]}"
    echo
  } >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
done <"$folder/changed"

[ "$compared" != 0 ] || [ "$status" != 0 ] || echo 'No profile changed.' | tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"
exit "$status"
