// oci-seccomp-bpf-hook's log: logrus text, by itself, inside a runtime's error, through syslog or the journal. It names
// no call, but shows what is missing from the profile that the hook wrote. Authority: oci-seccomp-bpf-hook.go.
import type { Grammar, LineGrammar, Reporter, LineResult } from '../grammar.ts'
import { annotationNames, parseTraceAnnotation } from './annotation.ts'

const logged =
  /(?:^|oci-seccomp-bpf-hook(?:\[\d+\])?: |stderr: )time="[^"]{0,64}" level=(\w+) msg="((?:[^"\\]|\\.)*)"/
const own =
  /^(?:Started OCI seccomp hook version|Trying to load `kheaders`|Loading `kheaders` failed|Running floating process PID to attach|Received signal \(presumably from child\)|Loading (?:enter|exit) tracepoint|Loaded tracepoints|PerfMap St|Sending SIGUSR2 to parent|BPF program |Writing seccomp profile to|error getting the name for syscall ID|failed to decode received data|invalid annotation|running the hook requires root|Error releasing process|error killing child process|error sending signal to parent)/
const annotated = new RegExp(
  `(?:${annotationNames.map((name) => name.replaceAll('.', '\\.')).join('|')})=("[^"]*"|\\S+)`,
)

export const hook: Grammar = {
  format: 'hook',
  logger: 'strace',
  evidence: ['log-only'],
  recognises: (line) => {
    const found = logged.exec(line)
    return found !== null && (own.test(found[2] as string) || line.includes('oci-seccomp-bpf-hook'))
  },
  open: () => new HookLog(),
}

class HookLog implements LineGrammar {
  /** How many lines say that the hook started, wrote a profile, or failed. */
  #started = 0
  #written = 0
  #failed = 0

  line(text: string, say: Reporter): LineResult {
    const annotation = annotated.exec(text)?.[1]
    if (annotation !== undefined) {
      const parsed = parseTraceAnnotation(annotation.replaceAll('"', ''))
      if ('wrong' in parsed) say.diagnostic('hook-annotation', { why: parsed.wrong })
    }
    const found = logged.exec(text)
    if (found === null) return 'ignored'
    const [, level, quoted = ''] = found
    const message = quoted.replaceAll(/\\(["\\])/g, '$1')
    if (message.startsWith('Started OCI seccomp hook')) this.#started++
    if (message.startsWith('Writing seccomp profile to')) this.#written++
    const id = /^error getting the name for syscall ID (-?\d+)/.exec(message)?.[1]
    if (id !== undefined) {
      say.lost(1)
      say.diagnostic('hook-unknown-id', { number: id })
    } else if (message.startsWith('failed to decode received data')) {
      say.lost(1)
      say.diagnostic('hook-undecoded')
    } else if (/didn't compile and attach within/.test(message)) {
      this.#failed++
      say.diagnostic('hook-not-attached')
    } else if (level === 'fatal' || (level === 'error' && own.test(message))) {
      this.#failed++
      say.diagnostic('hook-failed', {
        why: message.replace(/: please refer to the syslog.*$/, '').slice(0, 200),
      })
    }
    return 'ignored'
  }

  end(say: Reporter): void {
    // Each run starts the hook twice, for the runtime and detached. Only the detached hook writes the profile.
    if (this.#started > 0 && this.#written === 0 && this.#failed === 0) say.diagnostic('hook-no-profile')
  }
}
