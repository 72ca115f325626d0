// The options of `verify`, and its messages while it runs.
import { plural } from '../report/account.ts'
import type { FormatName } from '../report/formats.ts'
import type { SeenBy, VerifyNotice } from '../verify/index.ts'
import type { LoadOptions } from './options.ts'

export interface VerifyOptions extends LoadOptions {
  readonly context?: string
  readonly minimize?: true
  readonly repair?: true
  readonly widen?: true
  readonly runs: number
  readonly for?: number
  readonly within: string
  readonly recorder: 'auto' | SeenBy
  /** commander turns --no-new-privileges into `newPrivileges: false`. */
  readonly newPrivileges: boolean
  readonly report: FormatName
  readonly output?: string
}

export function noticeSentence(notice: VerifyNotice): string {
  switch (notice.code) {
    case 'verifying':
      return `running in ${notice.target}; refusals are seen by ${notice.seenBy}${notice.why === undefined ? '' : ` (not by ${notice.why})`}`
    case 'round':
      return notice.dropped === undefined
        ? `round ${notice.round}: ${plural(notice.refused, 'call')} refused; added ${notice.added.join(', ')}`
        : `round ${notice.round}: nothing refused; taken out again, because it was not made: ${notice.dropped.join(', ')}`
  }
}
