// When and how far V8 optimizes in long work. The command starts with flags for work of a tenth of a second (src/start.ts).
// Authority: V8's src/flags/flag-definitions.h, which has the defaults.

/** V8's default: how many bytes of bytecode one function may inline. */
const usualInlining = 920

/**
 * Only functions of a few instructions, which V8 always inlines, are inlined during the work. A scan runs about a second
 * in many functions, and V8 spent more processor time on optimizing them than the scan itself took; most of that time
 * went to inlined code (bench/results/scan.md).
 */
export async function inliningLess<Result>(work: () => Promise<Result>): Promise<Result> {
  setFlags('--max-inlined-bytecode-size-cumulative=0')
  try {
    return await work()
  } finally {
    // V8 refuses compiled code that was kept under other flags.
    setFlags(`--max-inlined-bytecode-size-cumulative=${usualInlining}`)
  }
}

/** From now on V8 optimizes as soon as it usually does: the work will take longer than a tenth of a second. */
export function optimizeSooner(): void {
  if (process.versions.v8.startsWith('11.3.')) setFlags('--interrupt-budget=67584')
}

/** node:v8 is loaded when it is used, because it loads all streams of Node.js, which takes 5 ms. */
function setFlags(flags: string): void {
  process.getBuiltinModule('node:v8').setFlagsFromString(flags)
}
