import type { Admission } from '../http/admission.ts'
import type { Visits } from '../http/visit.ts'
import type { Log } from '../log/logger.ts'
import type { AuditTeller } from './audit-fact.ts'

/** Writes audit lines with the request that is under way, and the API key that it came with. */
export function requestAuditor(log: Log, visits: Visits): AuditTeller {
  return (fact) => {
    const { keyId, requestId } = visits.getStore() ?? {}
    log.info('audit', { ...fact, keyId, requestId })
  }
}

/** An admission that notes, for the audit, with which API key a request came. */
export function keyNotingAdmission(admission: Admission, visits: Visits): Admission {
  return {
    ...admission,
    authenticate(request) {
      const outcome = admission.authenticate(request)
      const visit = visits.getStore()
      if (visit !== undefined && outcome.kind === 'ok') visit.keyId = outcome.value?.id
      return outcome
    },
  }
}
