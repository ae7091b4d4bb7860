import { ACCESS_TTL_MAX_SECONDS } from '@pawl/core'
import type { WireDefaults } from '../supertokens/core-config.ts'
import type { ServerConfig } from './table.ts'

/** What the configuration says of the wire of the SuperTokens SDKs. */
export function wireDefaultsOf(config: ServerConfig): WireDefaults {
  return {
    isStrict: config.compatStrictRotation === 'true',
    allowsTestSettings: config.compatAllowTestSettings === 'true',
    apiKeys: config.compatApiKeys,
    accessTtlSeconds: config.compatAccessTtlSeconds,
    accessTtlMaxSeconds: ACCESS_TTL_MAX_SECONDS,
    accessJitterShare: config.accessJitterPercent / 100,
    idleTimeoutSeconds: config.compatIdleTimeoutSeconds,
    absoluteTimeoutSeconds: config.compatAbsoluteTimeoutSeconds,
  }
}
