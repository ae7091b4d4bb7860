import type { Finding, SourceFile } from './source-files.ts'

/** What may not be said, and why. Each holds on any machine and speaks to any reader. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w.$}-])\/(?:work|root|tmp|home\/\w+)\//, 'a path of one machine'],
  [/registry\.(?:npmjs|yarnpkg)|npmjs\.(?:com|org)/, 'the host of a package registry'],
  [/"resolved": "https?:/, 'where a package was fetched from'],
  [/\bR-\d{3}\b/, 'the number of a requirement that is not in this repository'],
]

/** Judges that no file holds what is true on one machine only, or points out of the repository. */
export function checkSpeech(files: readonly SourceFile[]): readonly Finding[] {
  return files.flatMap(({ file, text }) =>
    text.split('\n').flatMap((content, index) => {
      const broken = rules.find(([pattern]) => pattern.test(content))
      return broken === undefined ? [] : [{ file, line: index + 1, text: `holds ${broken[1]}` }]
    }),
  )
}
