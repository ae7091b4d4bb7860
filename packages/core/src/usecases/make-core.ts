import type { CoreApi } from '@pawl/protocol'
import type { AppContext } from './deps.ts'

export type { CoreDeps } from './deps.ts'

/** STUB */
export function makeCore(_context: AppContext): CoreApi {
  throw new Error('not yet')
}
