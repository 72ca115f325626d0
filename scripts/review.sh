#!/usr/bin/env bash
# What the revision checked out changes in profiles since a base: annotations on stdout, Markdown in the step summary,
# status 1 where FAIL_ON says so, 2 where something could not be compared. Run by action.yml.
set -uo pipefail

base=${BASE:-}
if [ -z "$base" ]; then
  if [ -z "${GITHUB_BASE_REF:-}" ]; then
    echo 'seccomp-gen: no base to compare with: run on pull_request, or give base' >&2
    exit 2
  fi
  base=refs/remotes/origin/$GITHUB_BASE_REF
  git rev-parse --verify --quiet "$base^{commit}" >/dev/null ||
    git fetch --quiet --no-tags --depth=1 origin "+refs/heads/$GITHUB_BASE_REF:$base"
fi

mapfile -t pathspecs < <(printf '%s\n' "${PROFILES:-}" | sed '/^[[:space:]]*$/d')
words=(--base="$base" --fail-on "${FAIL_ON:-wider}")
[ -z "${CONTEXTS:-}" ] || words+=(--contexts "$CONTEXTS")
words+=(-- ${pathspecs[@]+"${pathspecs[@]}"})

# What was built, else the sources, which Node 22.18 and newer runs.
program=$GITHUB_ACTION_PATH/dist/cli.js
[ -e "$program" ] || program=$GITHUB_ACTION_PATH/src/cli.ts
node "$program" review --report github "${words[@]}"
status=$?
node "$program" review --report markdown "${words[@]}" >>"${GITHUB_STEP_SUMMARY:-/dev/null}" 2>/dev/null
exit "$status"
