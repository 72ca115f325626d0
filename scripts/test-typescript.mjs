// Loaded before each test file: tsx translates the TypeScript. It keeps what it translated, and tap's own translator
// begins anew in each of some hundred processes, for which this is half of the work. package.json keeps tap's away by
// TAP_TYPE_STRIP_ONLY (@tapjs/typescript), which says that Node removes types itself; Node 20 does not. The children of
// a test do not inherit the variable.
delete process.env.TAP_TYPE_STRIP_ONLY
await import('tsx')
// A program that a test starts with the words of its own process, such as the guardian of a recording, may stand in
// another folder. It needs the translator alone: with tap's loaders it takes seconds to start.
process.execArgv = [`--import=${import.meta.url}`]
