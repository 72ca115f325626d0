// Who made a call, as far as a log says, and which callers the user chose (--pid, --comm, --exe, --container, --pod,
// --since, --until).

export interface Caller {
  readonly pid?: number
  /** The task's name, at most 15 bytes. */
  readonly comm?: string
  readonly exe?: string
  /** A name or an id. The user may choose an id by its first 12 or more digits. */
  readonly container?: string
  readonly pod?: string
  /** Seconds since 1970. */
  readonly time?: number
}

/** The known members of a caller, without those that are undefined. */
export function callerOf(known: { readonly [K in keyof Caller]: Caller[K] | undefined }): Caller {
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
}

/** The callers that the user chose: a caller must match every given member. */
export interface CallerChoice {
  readonly pid?: number
  readonly comm?: string
  readonly exe?: string
  readonly container?: string
  readonly pod?: string
  /** Bounds in seconds since 1970, both inclusive. */
  readonly since?: number
  readonly until?: number
}

export type ChoiceField = keyof CallerChoice

export function choiceFields(choice: CallerChoice): ChoiceField[] {
  return (['pid', 'comm', 'exe', 'container', 'pod', 'since', 'until'] as const).filter(
    (field) => choice[field] !== undefined,
  )
}

/** Whether the choice includes the subject; if a missing field decides that, the name of the field. */
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
