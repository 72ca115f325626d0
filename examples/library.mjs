// Every function of the library at work: `node examples/library.mjs` in a clone after `npm run build`. A line that begins
// with `//=` says what the statement above it prints. docs/api.md shows the part of each function.
import { readFile } from 'node:fs/promises'
import * as library from 'seccomp-gen'

const read = (name) => readFile(new URL(`../${name}`, import.meta.url), 'utf8')
const trace = await readFile(new URL('../traces/web-server/web-server.strace', import.meta.url))

/// observe, countCalls, accountLine, printObservations, mergeObservations, estimateRuns, runLines
const observations = await library.observe([{ name: 'web-server.strace', bytes: [trace] }])
console.log(library.accountLine(observations))
//= 2090 calls, 63 different (x86_64), from 1 source
const twice = library.mergeObservations(observations, observations)
console.log(library.countCalls(twice), JSON.parse(library.printObservations(twice)).runs)
//= 4180 2
console.log(library.estimateRuns(twice)?.expectedNew, library.runLines(twice).length)
//= 0 1

/// readTrace
const line = { name: 'app.strace', bytes: [Buffer.from('socket(AF_UNIX, SOCK_STREAM, 0) = 3\n')] }
for await (const record of library.readTrace(line, { arguments: new Map([['socket', [0]]]) }))
  console.log(record.at, record.name, record.args)
//= app.strace:1 socket { '0': 1n }

/// derivePolicy, printPolicy, contentsLine
const policy = library.derivePolicy(observations, { runtime: 'runc', within: 'docker' })
console.log(library.contentsLine(policy, undefined))
//= 101 calls allowed: 62 seen, 22 for runc, 5 the kernel’s, 11 in the margin, 1 libc’s next
console.log(
  JSON.parse(library.printPolicy(policy)).rules.find(({ syscall }) => syscall === 'bind').because[0].kind,
)
//= seen

/// buildProfile, buildDockerProfile, printProfile, printPolicyAs
const text = library.printProfile(library.buildProfile(policy))
console.log(text === library.printPolicyAs(policy, 'oci'), library.buildDockerProfile(policy).defaultAction)
//= true SCMP_ACT_ERRNO

/// parseProfile, parseProfiles, soundProfile, isJson
const profile = library.parseProfile(text, { name: 'app.json' })
console.log(profile.dialect, library.soundProfile(profile).defaultAction, library.isJson(text))
//= oci SCMP_ACT_ERRNO true
console.log(library.parseProfiles(library.printPolicyAs(policy, 'spo', { name: 'web' }))[0].title)
//= web

/// builtinProfile, builtinProfileNames, builtinProfileReleases
const docker = library.builtinProfile('docker').profile
console.log(
  library.builtinProfileNames.includes('podman'),
  library.builtinProfileReleases('docker').length > 30,
)
//= true true

/// evaluate, answerText
const clone = { syscall: 'clone', args: [0x10000000n] }
console.log(library.answerText(library.evaluate(docker, clone)))
//= SCMP_ACT_ERRNO(1)
console.log(library.answerText(library.evaluate(docker, clone, { capabilities: ['CAP_SYS_ADMIN'] })))
//= SCMP_ACT_ALLOW

/// compareProfiles, rateChanges, reviewItems
const { verdict, changes } = library.compareProfiles(profile, docker)
console.log(
  verdict,
  changes.some(({ syscall, direction }) => syscall === 'ptrace' && direction === 'wider'),
)
//= mixed true
const [gravest] = library.reviewItems(library.rateChanges(changes, { before: profile, after: docker }))
console.log(gravest?.direction, gravest?.risk !== undefined)
//= wider true

/// comparedProfiles, headline, changesReport, reviewReport
const sides = [
  { name: 'app.json', profile },
  { name: 'docker', profile: docker },
]
const compared = library.comparedProfiles(sides[0], sides[1], { failOn: 'wider' })
console.log(
  library.headline(compared).slice(0, 12),
  library.changesReport(compared, 'github').startsWith('::error'),
)
//= FAILS: mixed true
console.log(
  library.reviewReport({ profiles: [{ file: 'app.json', compared }], outcome: 'fails' }, 'markdown').length >
    0,
)
//= true

/// intersectProfiles, mergeProfiles
const both = library.intersectProfiles([docker, profile])
console.log(library.answerText(library.evaluate(both.profile, { syscall: 'ptrace' })), both.changes.length)
//= SCMP_ACT_ERRNO(1) 2
const either = library.mergeProfiles([docker, profile])
console.log(library.answerText(library.evaluate(either.profile, { syscall: 'ptrace' })))
//= SCMP_ACT_ALLOW

/// profileProblems, findingSentence, findingHint, sortFindings, isValid, findingsReport
const typo = '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["opne"],"action":"SCMP_ACT_ALLOW"}]}'
const findings = library.profileProblems(typo)
const slip = findings.find(({ code }) => code === 'unknown-call')
console.log(slip.line, slip.severity, '-', library.findingSentence(slip), '-', library.findingHint(slip))
//= 1 warning - no architecture has a call opne: the runtimes skip it - write open, if that is what was meant
console.log(library.isValid(library.sortFindings(findings)))
//= true
console.log(library.findingsReport([{ file: 'typo.json', findings }], 'github').split(',')[0])
//= ::notice file=typo.json

/// runtimeProblems
console.log(library.runtimeProblems(profile, 'runc@1.3.6').length)
//= 0
console.log(library.runtimeProblems(library.parseProfile(typo), 'runc@1.3.6')[0].code)
//= floor-needed

/// explainProfile, explanationReport
const calls = library.explainProfile(profile, { observations, calls: ['bpf'] })
console.log(
  calls[0].default.carriedOut,
  library.explanationReport({ profile: 'app.json', calls }, 'text').split('\n').length,
)
//= never 3

/// diagnosticSentence, observationsReport
const mixed = await library.observe([{ name: 'mixed.strace', bytes: [Buffer.from('Hello\nclose(3) = 0\n')] }])
const told = mixed.diagnostics.find(({ code }) => code === 'tracee-output')
console.log(told.at, library.diagnosticSentence(told))
//= mixed.strace:1 not a line of strace, ignored: use strace -o FILE to keep the program’s output out
console.log(JSON.parse(library.observationsReport(mixed, 'json')).version)
//= 1

/// syscallTable
console.log(library.syscallTable('aarch64').byName('openat')?.number)
//= 56

/// hardenContext, printContext, parseContext, printContextAs, contextForms
const recorded = await read('examples/harden/nginx.observations.json')
const seen = await library.observe([{ name: 'nginx', bytes: [Buffer.from(recorded)] }])
const context = library.hardenContext(seen)
console.log(context.containers[0].capabilities.needed.join(' '))
//= CAP_CHOWN CAP_DAC_OVERRIDE CAP_SETGID CAP_SETUID
const again = library.parseContext(library.printContext(context), 'context.json')
console.log(library.contextForms.join(' '))
//= json kubernetes docker podman compose systemd apparmor
console.log(
  library.printContextAs(again, 'compose').includes('cap_drop'),
  library.printContextAs(again, 'apparmor', {}, seen).length > 0,
)
//= true true

/// patchManifest
const pod =
  'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: nginx\n'
console.log(library.patchManifest(pod, 'pod.yaml', context).patched)
//= [ 'web' ]

/// loadImage, scanPrograms
const config = {
  architecture: 'amd64',
  os: 'linux',
  config: { Entrypoint: ['/app'] },
  rootfs: { diff_ids: ['x'] },
}
const files = {
  'manifest.json': JSON.stringify([{ Config: 'config.json', Layers: ['layer.tar'] }]),
  'config.json': JSON.stringify(config),
}
const image = await library.loadImage({
  name: 'app.tar',
  text: async (path) => files[path],
  bytes: async function* () {
    yield new Uint8Array(1024)
  },
})
console.log(image.architecture, image.programs)
//= x86_64 []
await library.scanPrograms(image.tree, ['/app']).catch(({ message }) => console.log(message))
//= /app: no such file

/// parseReachable, mergeReachable, printReachable
const reachable = library.parseReachable(
  await read('examples/scan/curl.reachable.json'),
  'curl.reachable.json',
)
const merged = library.mergeReachable(reachable, reachable)
console.log(library.printReachable(merged) === library.printReachable(reachable))
//= true

/// UserError
try {
  library.parseProfile('[]', { name: 'x.json' })
} catch (error) {
  console.log(error instanceof library.UserError, error.code, error.status)
}
//= true not-a-profile 2
