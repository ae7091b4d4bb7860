import type { EmbeddedCore } from '@pawl/embedded'
import type { WireHandler } from '../supertokens/handle-wire-request.ts'
import type { AbuseLimits } from './abuse-limits.ts'
import type { Admission } from './admission.ts'
import type { UnreadyReason } from './readiness.ts'
import type { Reply } from './respond.ts'
import type { StreamReply } from './stream-revocations.ts'

/** What requests are handled with. */
export interface EdgeContext {
  readonly core: EmbeddedCore
  readonly admission: Admission
  readonly limits: AbuseLimits
  /** The compatible wire, which has paths of its own on the same port; null if it is off. */
  readonly wire: WireHandler | null
  /** Whether the service is about to stop: connections then end with their next answer. */
  readonly isStopping: () => boolean
  /** What speaks against sending requests here; empty when ready. */
  readonly unreadyReasons: () => Promise<readonly UnreadyReason[]>
  /** The metrics, in the text format of Prometheus. */
  readonly metrics: () => Promise<string>
  /** The URL under which this service is reached, without a slash at the end. */
  readonly publicUrl: () => string
}

/** What became of a request: the reply, and what the log may know. */
export interface Handled {
  readonly reply: Reply
  /** Sent instead of the reply, which then says only what the log is to say. */
  readonly stream?: StreamReply
  readonly route: string
  readonly keyId?: string | undefined
  readonly handle?: string | undefined
  readonly code?: string | undefined
}
