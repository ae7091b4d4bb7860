/** Started with the name of a subject's module and a variant; works for as long as it is told. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type OpenSubject, runBurst } from './subject.ts'

/** Loaded only where it is measured: a peer's code weighs on nobody else. */
const MODULES: {
  readonly [name: string]: () => Promise<{ readonly open: OpenSubject }>
} = {
  'bare-signature': () => import('./bare-signature.ts'),
  'better-auth': () => import('./better-auth.ts'),
  'pawl-driver': () => import('./pawl-driver.ts'),
  supertokens: () => import('./supertokens.ts'),
}

const [name = '', variant = ''] = process.argv.slice(2)
const load = MODULES[name]
if (load === undefined) throw new Error(`there is no subject ${name}`)
const subject = await (await load()).open(variant)
// What was thrown away while it opened is no part of its work.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
collect()
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
