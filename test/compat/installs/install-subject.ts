import type { Subject } from '../subjects.ts'
import { installGo } from './install-go.ts'
import { installNode } from './install-node.ts'
import { installPython } from './install-python.ts'
import type { Launch } from './launch.ts'

/** Installs an SDK, unless it is there, and says how its app is started. */
export function installSubject(subject: Subject): Launch {
  if (subject.kind === 'node') return installNode(subject)
  if (subject.kind === 'python') return installPython(subject)
  return installGo(subject)
}
