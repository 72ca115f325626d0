// The forms in which `--as` prints a policy.
import type { Dialect } from '../profile/document.ts'

/** In the order of the help text. */
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

/** A dialect of a profile, or something beside a profile: a manifest, an admission policy, a label, a statement. */
export type PrintedForm = (typeof printedForms)[number]
