import type { Finding, SourceFile } from './source-files.ts'

const remedy = 'run: npm run reference'

/** Judges that the generated pages say what the tables in the code say. */
export async function checkReference(files: readonly SourceFile[]): Promise<readonly Finding[]> {
  // Loads code of the product, so only when asked, and so that its faults are this check's alone.
  const { referencePages } = await import('../reference/pages.ts')
  return Object.entries(referencePages()).flatMap(([file, text]) => {
    const found = files.find((source) => source.file === file)
    return found?.text === text ? [] : [{ file, text: `is not what the code says; ${remedy}` }]
  })
}
