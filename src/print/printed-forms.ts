// What `--as` prints of a policy.
import type { Dialect } from '../profile/document.ts'

/** The dialects of a profile, and what goes with one. */
export const printedForms = [
  'oci',
  'docker',
  'spo',
  'kubernetes',
  'fleet',
  'admission',
  'podman-label',
  'in-toto',
] as const satisfies readonly (Dialect | string)[]

/** A dialect, or what goes with a profile: what a cluster runs, an admission policy, an image's label, a statement. */
export type PrintedForm = (typeof printedForms)[number]
