// What only ebpf sees: `node examples/under.mjs` on Linux, as root or with CAP_BPF and CAP_PERFMON.
import { builtinProfile } from 'seccomp-gen'
import { recordUnder } from 'seccomp-gen/run'

/// recordUnder
const { refused } = await recordUnder({ command: ['true'], under: builtinProfile('docker').profile })
console.log(refused.length)
//= 0
