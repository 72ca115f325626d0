// What `validate` finds: what is wrong with a profile, or worth knowing, from the document, what it means and what
// container runtimes need. Each file is one kind of check, with its authority in its first lines; a finding is data
// with a code, whose sentence is chosen in report/.
export { sortFindings, type Finding, type FindingCode } from './findings.ts'
export { runtimeProblems, type RuntimeProblemOptions } from './runtime.ts'
export { isValid, profileProblems, type ProblemOptions } from './problems.ts'
