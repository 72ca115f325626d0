// The lines of src that no test reaches, each with its reason; scripts/coverage.ts holds them against what the tests
// reached. A line is named by its text, and stands for what is indented below it.
interface Exception {
  readonly line: string
  readonly why: string
}

export const exceptions: Readonly<Record<string, readonly Exception[]>> = {}
