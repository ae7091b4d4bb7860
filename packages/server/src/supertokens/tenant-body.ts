import { wireNameOf } from './names.ts'

/** A tenant as answers show it: of its login methods nothing is known here. */
export function tenantBody(name: string, style: 'old' | 'v2'): object {
  const tenantId = wireNameOf(name)
  if (style === 'v2') return { tenantId, thirdParty: { providers: [] }, coreConfig: {} }
  return {
    tenantId,
    emailPassword: { enabled: true },
    passwordless: { enabled: true },
    thirdParty: { enabled: true, providers: [] },
    coreConfig: {},
  }
}
