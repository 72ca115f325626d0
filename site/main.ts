// The playground: the pure library in a page. The user chooses or drops files. Two profiles are compared; anything else
// is read as traces and becomes a profile. All content of files is shown as text.
import { constantValue } from '../src/abi/constants.ts'
import {
  answerText,
  builtinProfile,
  derivePolicy,
  evaluate,
  explainProfile,
  observe,
  parseProfile,
  printPolicyAs,
  UserError,
  type Observations,
  type ParsedProfile,
} from '../src/index.ts'
import { accountLine } from '../src/report/account.ts'
import { comparedProfiles } from '../src/report/compare.ts'
import { contentsLine } from '../src/report/contents.ts'
import { diagnosticLines } from '../src/report/diagnostics.ts'
import { printReport } from '../src/report/formats.ts'
import { examples } from './examples.ts'

interface Given {
  readonly name: string
  readonly bytes: Uint8Array
}

const element = <T extends HTMLElement = HTMLElement>(id: string): T => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no ${id}`)
  return found as T
}

let asked: ParsedProfile | undefined
let policy: ReturnType<typeof derivePolicy> | undefined

const show = (id: string, isShown: boolean): void => void (element(id).hidden = !isShown)

function offer(id: string, text: string, type: string): void {
  const link = element<HTMLAnchorElement>(id)
  URL.revokeObjectURL(link.href)
  link.href = URL.createObjectURL(new Blob([text], { type }))
}

async function take(given: readonly Given[]): Promise<void> {
  element('error').textContent = ''
  for (const id of ['profile', 'diff', 'ask', 'explain']) show(id, false)
  element('given').replaceChildren(
    ...given.map(({ name, bytes }) => {
      const item = document.createElement('li')
      item.textContent = `${name}, ${bytes.length} bytes`
      return item
    }),
  )
  try {
    const profiles = given.map(profileOf)
    const [one, other] = profiles
    if (given.length > 0 && profiles.every((each) => each !== undefined) && one !== undefined)
      compare(
        other === undefined ? { name: 'docker', profile: builtinProfile('docker').profile } : one,
        other ?? one,
      )
    else await generate(given)
  } catch (error) {
    element('error').textContent = error instanceof UserError ? error.message : `a defect: ${String(error)}`
    if (!(error instanceof UserError)) throw error
  }
}

/** The profile; undefined if the file is a trace, a log or observations. */
function profileOf({ name, bytes }: Given): { name: string; profile: ParsedProfile } | undefined {
  const text = new TextDecoder().decode(bytes)
  if (!/"?defaultAction"?\s*:/.test(text)) return undefined
  return { name, profile: parseProfile(text, { name }) }
}

async function generate(given: readonly Given[]): Promise<void> {
  const observations = await observe(given.map(({ name, bytes }) => ({ name, bytes: [bytes] })))
  policy = derivePolicy(observations, {})
  const lines = [accountLine(observations), contentsLine(policy, undefined), ...diagnosticLines(observations)]
  element('account').textContent = lines.join('. ')
  printChosen()
  show('profile', true)
  ask(parseProfile(printPolicyAs(policy, 'oci'), { name: 'profile.json' }), observations)
}

function printChosen(): void {
  if (policy === undefined) return
  const dialect = element<HTMLSelectElement>('dialect').value as 'oci' | 'spo' | 'kubernetes'
  const text = printPolicyAs(policy, dialect)
  element('text').textContent = text
  element<HTMLAnchorElement>('save').download = dialect === 'oci' ? 'profile.json' : 'profile.yaml'
  offer('save', text, dialect === 'oci' ? 'application/json' : 'application/yaml')
}

function compare(
  one: { name: string; profile: ParsedProfile },
  other: { name: string; profile: ParsedProfile },
): void {
  const compared = comparedProfiles(one, other, { failOn: 'wider' })
  element('what').textContent = `${one.name} → ${other.name}`
  element('changes').textContent = printReport('changes', compared, 'text')
  offer('save-diff', printReport('changes', compared, 'html'), 'text/html')
  show('diff', true)
  ask(other.profile)
}

function ask(profile: ParsedProfile, observations?: Observations): void {
  asked = profile
  const calls = explainProfile(profile, observations === undefined ? {} : { observations })
  const explained = { profile: profile.name, calls, ...(observations !== undefined && { observations }) }
  element('reasons').textContent = printReport('explanation', explained, 'text')
  offer('save-explain', printReport('explanation', explained, 'html'), 'text/html')
  element('answer').textContent = ''
  show('ask', true)
  show('explain', true)
}

/** The value of a decimal or hexadecimal number, or of names joined by |. */
function value(word: string): bigint {
  return word
    .split('|')
    .map((each) => constantValue(each) ?? BigInt(each))
    .reduce((all, each) => all | each, 0n)
}

function answer(): string {
  if (asked === undefined) return ''
  const call = element<HTMLInputElement>('call').value.trim()
  const words = element<HTMLInputElement>('args')
    .value.split(/[\s,]+/)
    .filter((each) => each !== '')
  try {
    const syscall = /^\d+$/.test(call) ? Number(call) : call
    return answerText(evaluate(asked, { syscall, args: words.map(value) }))
  } catch (error) {
    return (error as Error).message
  }
}

async function filesOf(list: FileList | null | undefined): Promise<void> {
  const files = [...(list ?? [])]
  await take(
    await Promise.all(
      files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
    ),
  )
}

element('files').addEventListener('change', () => void filesOf(element<HTMLInputElement>('files').files))
element('dialect').addEventListener('change', printChosen)
element('query').addEventListener('submit', (event) => {
  event.preventDefault()
  element('answer').textContent = answer()
})
for (const button of document.querySelectorAll<HTMLElement>('[data-example]'))
  button.addEventListener('click', () => {
    const chosen = examples[button.dataset['example'] as keyof typeof examples]
    void take(chosen.map(({ name, text }) => ({ name, bytes: new TextEncoder().encode(text) })))
  })
const drop = element('drop')
document.addEventListener('dragover', (event) => {
  event.preventDefault()
  drop.classList.add('over')
})
document.addEventListener('dragleave', () => drop.classList.remove('over'))
document.addEventListener('drop', (event) => {
  event.preventDefault()
  drop.classList.remove('over')
  void filesOf(event.dataTransfer?.files)
})
