// `--runtime`. A file of its own, so that commands without traces do not load options.ts.
import { InvalidArgumentError, Option } from 'commander'
import { readRuntimeVersion, type RuntimeVersion } from '../meaning/versions/runtime-word.ts'
import type { FloorChoice } from '../policy/index.ts'

/** `--runtime R`: a container runtime, one version of it, or a word for several. */
export const runtimeOption = (what: string): Option =>
  new Option('--runtime <runtime>', `${what} runc, crun, runc@1.3.6 …, all, none`).argParser(
    (word): FloorChoice => {
      if (word === 'all' || word === 'none') return word
      if (readRuntimeVersion(word) !== undefined) return word as RuntimeVersion
      throw new InvalidArgumentError('Give runc, crun, one version of them such as runc@1.3.6, all or none.')
    },
  )
