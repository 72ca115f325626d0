// What starts processes: `node examples/run.mjs` on Linux, with strace and, to verify, with runc or bubblewrap.
import { derivePolicy, printPolicyAs } from 'seccomp-gen'
import { record, verify } from 'seccomp-gen/run'

/// record
const { observations, ending } = await record({ command: ['true'], recorder: 'strace' })
console.log(ending.kind, 'execve' in observations.architectures.x86_64)
//= exited true

/// verify
const profile = printPolicyAs(derivePolicy(observations), 'oci')
const { refusals } = await verify({ profile, command: ['true'] })
console.log(refusals.length)
//= 0
