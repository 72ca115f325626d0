// Prints an in-toto statement of a profile's evidence, ready to be signed: which image ran, what was seen and how
// often, what was lost, for which runtimes calls were added. Authority: in-toto attestation framework, Statement v1.
import { UserError } from '../errors.ts'
import { harmlessJson } from '../json-string.ts'
import type { Observations } from '../read/observations/document.ts'
import type { Policy } from '../policy/policy.ts'
import { sha256 } from '../sha256.ts'

/** The type of the predicate below. */
export const predicateType = 'urn:seccomp-gen:evidence:1'

/** `profile`: its text, byte for byte as it is used. `images`: digests, which replace those of the recording. */
export function statementText(
  profile: string,
  policy: Policy,
  observations: Observations,
  images: readonly string[] = [],
): string {
  const recorded = observations.sources.flatMap(({ image }) => (image === undefined ? [] : [image]))
  const subject = [...new Set(images.length > 0 ? images : recorded)].sort().map(subjectOf)
  if (subject.length === 0) throw new UserError('statement-without-image')
  const { runs = 1, sources, diagnostics } = observations
  const total = (key: 'calls' | 'lost' | 'unparsed'): number =>
    sources.reduce((sum, each) => sum + (each[key] ?? 0), 0)
  const because = policy.rules.flatMap((rule) => rule.because)
  const floors = because.flatMap((each) => (each.kind === 'floor' ? [`${each.runtime} ${each.version}`] : []))
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    predicateType,
    predicate: {
      profile: { digest: { sha256: sha256(profile) }, architectures: policy.architectures },
      evidence: {
        runs,
        calls: total('calls'),
        lost: total('lost'),
        unparsed: total('unparsed'),
        diagnostics: diagnostics.map(({ code, count = 1 }) => ({ code, count })),
        sources: sources.map(({ name, image, count = 1, format, evidence = [] }) => ({
          name,
          ...(image !== undefined && { image }),
          count,
          format,
          evidence,
        })),
      },
      floors: [...new Set(floors)].sort(),
      rules: Object.fromEntries(
        [...new Set(because.map(({ kind }) => kind))]
          .sort()
          .map((kind) => [
            kind,
            policy.rules.filter((rule) => rule.because.some((each) => each.kind === kind)).length,
          ]),
      ),
    },
  }
  return `${harmlessJson(JSON.stringify(statement, null, 2))}\n`
}

/** `image`: `registry/name@sha256:HEX` or `sha256:HEX`. Throws UserError for anything else. */
function subjectOf(image: string): { readonly name: string; readonly digest: { readonly sha256: string } } {
  const [, name = '', hex] = /^(?:(.+)@)?sha256:([0-9a-f]{64})$/.exec(image) ?? []
  if (hex === undefined) throw new UserError('image-without-digest', { image })
  return { name: name === '' ? `sha256:${hex}` : name, digest: { sha256: hex } }
}
