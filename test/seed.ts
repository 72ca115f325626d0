// fast-check with the same inputs every time, so that what passes here passes in CI; SECCOMP_GEN_SEED takes others,
// for hunts.
import fc from 'fast-check'

export const seed = Number(process.env['SECCOMP_GEN_SEED'] ?? 1)
fc.configureGlobal({ seed })
export { fc }
