// Runs fast-check with fixed inputs, so that a test that passes here passes in CI. SECCOMP_GEN_SEED sets other inputs,
// for hunts.
import fc from 'fast-check'

export const seed = Number(process.env['SECCOMP_GEN_SEED'] ?? 1)
fc.configureGlobal({ seed })
export { fc }
