// What `validate` finds in a profile: mistakes and facts worth knowing, from the document, from its meaning and from
// what container runtimes need. Each file is one kind of check and names its authority in its first lines. A finding is
// data with a code; report/ chooses its sentence.
export { sortFindings, type Finding, type FindingCode } from './findings.ts'
export { runtimeProblems, type RuntimeProblemOptions } from './runtime.ts'
export { isValid, profileProblems, type ProblemOptions } from './problems.ts'
