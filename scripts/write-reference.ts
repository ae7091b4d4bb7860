/** Writes docs/reference anew from the tables in the code. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './checks/source-files.ts'
import { referencePages } from './reference/pages.ts'

for (const [file, text] of Object.entries(referencePages())) {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), text)
  console.log(file)
}
