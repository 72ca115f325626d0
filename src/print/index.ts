// Prints policies, profiles and contexts in the dialect of their reader. The text is canonical, and 64-bit values keep
// all their digits. Authority for the dialects: profile/document.ts and profile/dialects.ts.
export { buildProfile } from './build.ts'
export { printPolicy } from './policy-json.ts'
export { buildDockerProfile, printPolicyAs, type PrintPolicyOptions } from './print-policy.ts'
export type { PrintedForm } from './printed-forms.ts'
export { printProfile } from './profile.ts'
export {
  contextForms,
  patchManifest,
  printContextAs,
  type ContextForm,
  type DropIn,
  type PatchOptions,
  type PatchResult,
  type PrintContextOptions,
} from './context/index.ts'
