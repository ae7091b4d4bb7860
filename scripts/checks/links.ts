import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Finding, root, type SourceFile } from './source-files.ts'

const inlineLink = /\]\(([^)\s]+)\)/g
const namedFile = /`((?:packages|simulation|bench|examples|scripts|test|docs)\/[\w./-]+\.\w+)`/g

/** Judges that the documents point at files that are there: in links, and in `code` spans. */
export function checkLinks(files: readonly SourceFile[]): readonly Finding[] {
  return files.filter(({ file }) => file.endsWith('.md')).flatMap(judge)
}

function judge({ file, text }: SourceFile): readonly Finding[] {
  return text.split('\n').flatMap((content, index) => {
    const linked = [...content.matchAll(inlineLink)]
      .map((match) => (match[1] ?? '').replace(/#.*$/, ''))
      .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
      .map((target) => path.join(path.dirname(file), target))
    const named = [...content.matchAll(namedFile)].map((match) => match[1] ?? '')
    return [...linked, ...named]
      .filter((target) => !existsSync(path.join(root, target)))
      .map((target) => ({ file, line: index + 1, text: `points at ${target}, which is not there` }))
  })
}
