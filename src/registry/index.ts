// Profiles and observations in OCI registries: what is pushed, pulled and listed there, and as whom. Decides nothing
// about what a profile means. Authority: the OCI distribution specification 1.1; KEP-6061.
export {
  entryLimit,
  observationsType,
  profileLimit,
  profileType,
  pull,
  pushObservations,
  pushProfile,
  shardsOf,
  type Pulled,
} from './artifact.ts'
export { Registry, type ClientOptions } from './client.ts'
export { findCredentials, type Credentials } from './credentials.ts'
export { isLoopback, parseReference, printReference, referencePrefix, type Reference } from './reference.ts'
