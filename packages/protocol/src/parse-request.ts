import * as v from 'valibot'
import { type Outcome, ok, refuse } from './errors.ts'
import type { Operation, ParsedRequestOf } from './routes.ts'
import { shapes } from './schemas.ts'

/** The most faults one refusal names. */
const FAULTS_MAX = 5

/**
 * Parses what came in for an operation: unknown fields are refused, defaults filled in. The refusal
 * `invalid_request` names each faulty field and never repeats a value.
 */
export function parseRequest<K extends Operation>(
  operation: K,
  input: unknown,
): Outcome<ParsedRequestOf<K>> {
  const result = v.safeParse(shapes[operation].request, input)
  if (result.success) return ok(result.output as ParsedRequestOf<K>)
  const faults = result.issues.slice(0, FAULTS_MAX).map(describeIssue)
  return refuse('invalid_request', faults.join('; '))
}

/** Built-in messages of the schema library quote the received value: only our own pass. */
function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? 'request'
  if (issue.type === 'strict_object') {
    return issue.expected === 'never' ? `${path}: is not a known field` : `${path}: is missing`
  }
  const isOwn = !issue.message.startsWith('Invalid ')
  return `${path}: ${isOwn ? issue.message : `must be ${issue.expected ?? 'valid'}`}`
}
