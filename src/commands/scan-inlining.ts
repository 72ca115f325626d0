// Has V8 inline less while programs are scanned. A scan runs about a second in many functions, and V8 spent more
// processor time on optimizing them than the scan itself took; most of that time went to inlined code
// (bench/results/scan.md). The default returns afterwards, because V8 refuses compiled code that was kept under other
// flags (src/start.ts).
import { setFlagsFromString } from 'node:v8'

/** V8's default (src/flags/flag-definitions.h), in bytes of bytecode that one function may inline. */
const usual = 920

/** Only functions of a few instructions, which V8 always inlines, are inlined during the work. */
export async function inliningLess<Result>(work: () => Promise<Result>): Promise<Result> {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=0')
  try {
    return await work()
  } finally {
    setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${usual}`)
  }
}
