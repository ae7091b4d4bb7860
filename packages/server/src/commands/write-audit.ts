import type { AuditFact } from '../audit/audit-fact.ts'
import type { ServerConfig } from '../config/table.ts'
import { openLog } from '../log/logger.ts'

/**
 * Writes the audit line of a command to the standard error, as the service would write it to its
 * log: nothing where that is a terminal, whose reader is told by the command itself, nor above the
 * level `info`.
 */
export function writeAudit(
  logLevel: ServerConfig['logLevel'],
  command: string,
  fact: AuditFact,
): void {
  if (process.stderr.isTTY) return
  const log = openLog(logLevel, (line) => process.stderr.write(line))
  log.info('audit', { ...fact, command })
}
