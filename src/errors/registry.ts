// Errors of registries: references, credentials, what a registry answers, and artifacts.
import { operand, type InFile, type ErrorRow } from './row.ts'

/** Why a word is not a reference. */
const referenceFaults = {
  'two-digests': 'has two digests',
  digest: 'has a digest that is not a SHA-256',
  'no-registry': 'names no registry',
  host: 'names a registry that is not a host',
  repository: 'has an invalid repository',
  tag: 'has an invalid tag',
} as const

/** Why a profile cannot be an artifact. */
export interface NotPushed extends InFile {
  readonly fault: 'dialect' | 'errors' | 'large' | 'listener' | 'crowded'
  /** With `large`: bytes. With `crowded`: rules of `call`. */
  readonly count?: number
  readonly limit?: number
  readonly call?: string
}

const notPushed: Readonly<Record<NotPushed['fault'], (facts: NotPushed) => string>> = {
  dialect: () =>
    'is not plain OCI JSON, and runtimes take nothing else from an artifact: `generate --as oci` makes it',
  errors: ({ file }) =>
    `has errors, and runtimes refuse it: \`seccomp-gen validate ${operand(file)}\` lists them`,
  large: ({ count, limit }) => `is ${count} bytes large: runtimes take ${limit} at most`,
  listener: () =>
    'hands calls to a listener (SCMP_ACT_NOTIFY, listenerPath): runtimes take no such profile from an artifact',
  crowded: ({ count, limit, call }) =>
    `has ${count} rules for ${call}: runtimes take ${limit} of one call at most`,
}

/** Why an artifact cannot be read. */
export interface NotRead {
  readonly artifact: string
  readonly fault: 'layers' | 'archive' | 'observations' | 'no-shards' | 'not-text'
  /** With `layers`: their number. */
  readonly count?: number
}

const notRead: Readonly<Record<NotRead['fault'], (facts: NotRead) => string>> = {
  layers: ({ count }) => `is not the artifact of a profile: it has ${count} layers, and a profile has one`,
  archive: () => 'holds an archive, not a document: push the profile itself, `seccomp-gen push PROFILE REF`',
  observations: ({ artifact }) =>
    `holds observations, not a profile: make one with \`seccomp-gen generate ${operand(artifact)}\``,
  'no-shards': () => 'the repository holds no observations (their tags begin with o-)',
  'not-text': () => 'is not UTF-8 text: a profile is a JSON document',
}

export interface OfRepository {
  /** REGISTRY/REPOSITORY. */
  readonly repository: string
}

/** What a registry does wrong. */
const answers = {
  'no-upload': 'does not say where to upload to',
  'no-manifest': ({ name }: RegistryAnswer) => `has a ${name} that is not an OCI manifest`,
  index: ({ name }: RegistryAnswer) =>
    `has a ${name} that is an index of several artifacts: name one of them by its digest`,
  large: ({ name, size, limit }: RegistryAnswer) =>
    `has ${size} bytes as ${name}: more than ${limit} are not read`,
  longer: ({ limit }: RegistryAnswer) => `sends more than the ${limit} bytes that it should`,
  'other-bytes': ({ name }: RegistryAnswer) => `sends bytes for ${name} that its digest does not match`,
  'stored-otherwise': ({ name, stored }: RegistryAnswer) =>
    `stores as ${stored} what was pushed as ${name}: the artifact cannot be named by its digest`,
  status: ({ status, asked, said, after }: RegistryAnswer) =>
    `answers ${status} to ${asked}${inWords(said)}${after === undefined ? '' : `: try again in ${after} s`}`,
  challenge: 'asks for a way to log in that is neither Basic nor Bearer',
  'plain-realm': 'wants credentials to be sent without TLS',
  'other-protocol': ({ asked }: RegistryAnswer) =>
    `sends us to ${asked}, which is neither an http nor an https address`,
  'no-token': 'has a token server that gives no token',
} as const

export interface RegistryAnswer extends OfRepository {
  readonly fault: keyof typeof answers
  /** A tag or a digest. */
  readonly name?: string
  /** The digest by which the registry says it has the manifest. */
  readonly stored?: string
  readonly size?: number
  readonly limit?: number
  readonly status?: number
  readonly asked?: string
  readonly said?: string | undefined
  /** The seconds after which the registry wants to be asked again. */
  readonly after?: number
}

/** The registry's own message in parentheses. */
function inWords(said: string | undefined): string {
  return said === undefined ? '' : ` (${said})`
}

function hostOf({ repository }: OfRepository): string {
  return repository.slice(0, repository.indexOf('/'))
}

export const registryErrors = {
  'not-a-reference': [
    2,
    ({ reference, fault }: { readonly reference: string; readonly fault: keyof typeof referenceFaults }) =>
      `${reference}: ${referenceFaults[fault]}: write REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@sha256:DIGEST`,
  ],
  'push-to-digest': [
    2,
    ({ reference }: { readonly reference: string }) =>
      `${reference}: a digest follows from what is pushed: give a tag, or none`,
  ],
  'not-pushed': [2, (facts: NotPushed) => `${facts.file}: ${notPushed[facts.fault](facts)}`],
  'artifact-unusable': [2, (facts: NotRead) => `${facts.artifact}: ${notRead[facts.fault](facts)}`],
  'registry-unreachable': [
    2,
    ({ repository, words }: OfRepository & { readonly words: string }) =>
      `${repository}: the registry cannot be reached: ${words}`,
  ],
  'proxy-unusable': [
    2,
    ({ variable }: { readonly variable: string }) =>
      `${variable} is not the URL of an HTTP proxy, such as http://proxy.example.org:3128`,
  ],
  'registry-lacks': [
    2,
    ({ repository, name }: OfRepository & { readonly name: string }) =>
      `${repository}: the registry has no ${name}`,
  ],
  'registry-denies': [
    2,
    (facts: OfRepository & { readonly right: 'pull' | 'push'; readonly said?: string | undefined }) =>
      `${facts.repository}: the registry does not permit a ${facts.right}${inWords(facts.said)}: see \`docker login ${hostOf(facts)}\``,
  ],
  'registry-answer': [
    2,
    (facts: RegistryAnswer) => {
      const fault: string | ((facts: RegistryAnswer) => string) = answers[facts.fault]
      return `${facts.repository}: the registry ${typeof fault === 'string' ? fault : fault(facts)}`
    },
  ],
  'credentials-unreadable': [
    2,
    ({ file }: InFile) =>
      `${file}: is not a JSON object, so no credentials can be read: log in to the registry again`,
  ],
  'no-credential-helper': [
    2,
    ({ program }: { readonly program: string }) =>
      `${program} is not installed, and docker’s configuration says that it has the credentials`,
  ],
  'credential-helper-failed': [
    2,
    ({
      program,
      server,
      words,
    }: {
      readonly program: string
      readonly server: string
      /** What it printed first. */ readonly words: string | undefined
    }) =>
      `${program} failed to give the credentials for ${server}${words === undefined ? '' : `: ${words.slice(0, 200)}`}`,
  ],
  'credential-helper-name': [
    2,
    ({ name }: { readonly name: string }) => `${name} is not the name of a credential helper`,
  ],
  'credential-helper-answer': [
    2,
    ({ program, server }: { readonly program: string; readonly server: string }) =>
      `${program} get does not print a JSON object: see what it prints for ${server}`,
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>
