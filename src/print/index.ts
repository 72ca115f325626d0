// A policy or a profile as text: in the dialect of whoever will read it, canonical, 64-bit values with all their
// digits. Authority for the dialects: profile/document.ts and profile/dialects.ts.
export { buildProfile } from './build.ts'
export { printPolicy } from './policy-json.ts'
export {
  buildDockerProfile,
  printedForms,
  printPolicyAs,
  type PrintedForm,
  type PrintPolicyOptions,
} from './print-policy.ts'
export { printProfile } from './profile.ts'
export {
  contextForms,
  patchManifest,
  printContextAs,
  type ContextForm,
  type PatchResult,
  type PrintContextOptions,
} from './context/index.ts'
