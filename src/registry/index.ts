// Profiles and observations in OCI registries: push, pull, list and credentials. Nothing here interprets a profile.
// Authority: the OCI distribution specification 1.1; KEP-6061.
export {
  entryLimit,
  observationsType,
  profileLimit,
  prepareRepository,
  profileType,
  pull,
  pushObservations,
  pushProfile,
  shardsOf,
  type Pulled,
} from './artifact.ts'
export { digestOf, Registry, type ClientOptions } from './client.ts'
export { findCredentials, type Credentials } from './credentials.ts'
export { proxyFor } from './proxy.ts'
export { isLoopback, parseReference, printReference, referencePrefix, type Reference } from './reference.ts'
