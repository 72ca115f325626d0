// Which floor an option names. A file of its own, so that `validate` starts without the rest of this room.
import { runtimeVersion } from '../meaning/context-options.ts'
import type { OptionReader } from '../options.ts'
import type { FloorChoice } from './floor.ts'

export const floorChoice: OptionReader<FloorChoice> = (value, at) =>
  value === 'all' || value === 'none' ? value : runtimeVersion(value, at)
