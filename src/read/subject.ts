// Whose call it was, as far as a log says so, and the user's choice among them (--pid, --comm, --exe, --container,
// --pod, --since, --until).

export interface Caller {
  readonly pid?: number
  /** The task's name: of 15 bytes at most. */
  readonly comm?: string
  readonly exe?: string
  /** Name or id; an id may be asked for by its first 12 digits. */
  readonly container?: string
  readonly pod?: string
  /** Seconds since 1970. */
  readonly time?: number
}

/** What is known of a caller; the rest is left out. */
export function callerOf(known: { readonly [K in keyof Caller]: Caller[K] | undefined }): Caller {
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
}

/** All that is given must hold. */
export interface CallerChoice {
  readonly pid?: number
  readonly comm?: string
  readonly exe?: string
  readonly container?: string
  readonly pod?: string
  /** Seconds since 1970, both included. */
  readonly since?: number
  readonly until?: number
}

export type ChoiceField = keyof CallerChoice

export function choiceFields(choice: CallerChoice): ChoiceField[] {
  return (['pid', 'comm', 'exe', 'container', 'pod', 'since', 'until'] as const).filter(
    (field) => choice[field] !== undefined,
  )
}

/** Whether the subject is chosen; the name of a field that would be needed to tell and is not there. */
export function isChosen(subject: Caller, choice: CallerChoice): boolean | ChoiceField {
  let missing: ChoiceField | undefined
  for (const field of choiceFields(choice)) {
    const fits = fitsField(subject, choice, field)
    if (fits === false) return false
    if (fits === undefined) missing ??= field
  }
  return missing ?? true
}

function fitsField(subject: Caller, choice: CallerChoice, field: ChoiceField): boolean | undefined {
  if (field === 'since')
    return subject.time === undefined ? undefined : subject.time >= (choice.since as number)
  if (field === 'until')
    return subject.time === undefined ? undefined : subject.time <= (choice.until as number)
  const value = subject[field]
  const wanted = choice[field]
  if (value === undefined) return undefined
  if (field === 'comm') return value === String(wanted).slice(0, 15)
  if (field === 'container' && typeof wanted === 'string' && /^[0-9a-f]{12,64}$/.test(wanted)) {
    return String(value).startsWith(wanted)
  }
  return value === wanted
}
