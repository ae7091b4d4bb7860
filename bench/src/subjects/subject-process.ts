/** Started with the name of a subject's module and a variant; works for as long as it is told. */
import { type OpenSubject, runBurst } from './subject.ts'

const [name = '', variant = ''] = process.argv.slice(2)
const { open } = (await import(`./${name}.ts`)) as { open: OpenSubject }
const subject = await open(variant)
const tell = (message: object): void => {
  process.send?.(message)
}
process.on('message', (durationMs: number) => {
  runBurst(subject, durationMs).then(
    (burst) => tell({ burst }),
    (error: unknown) => tell({ error: String(error) }),
  )
})
process.once('disconnect', () => {
  void Promise.resolve(subject.close()).finally(() => process.exit())
})
tell({ isOpen: true })
