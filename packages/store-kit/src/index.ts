export { answeredWithin, answerLost, type Effect } from './answers.ts'
export { bounded } from './bounded.ts'
export {
  BEFORE_ALL,
  cutPage,
  keyCursor,
  pageSize,
  readKeyCursor,
  readNumberCursor,
  readSessionCursor,
  sessionPage,
} from './cursors.ts'
export { exactText } from './exact-text.ts'
export { type Gathering, gatherCalls } from './gather-calls.ts'
export type { ContentMethods, RevocationMethods, SessionMethods } from './methods.ts'
export { entryColumns, entryToValues, valuesToEntry } from './revocation-columns.ts'
export {
  rotationColumns,
  rotationToValues,
  sessionColumns,
  sessionToValues,
  valuesToSession,
} from './session-columns.ts'
export { shouldHaveMoved } from './should-have-moved.ts'
export { firstSweepMs, sweepInRounds } from './sweeps.ts'
export { textToJson } from './text-to-json.ts'
export { isThisMachine, readCertificates, type UrlRules, urlRules } from './urls.ts'
