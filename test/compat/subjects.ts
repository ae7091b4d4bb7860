/** An SDK under test. */
export interface Subject {
  /** What it is called on the command line and in the table, for example `node-24`. */
  readonly name: string
  readonly kind: 'node' | 'python' | 'go'
  /** The exact version that is installed. */
  readonly version: string
  /** Node: the first number of the version; the functions differ by it. */
  readonly major: number
  /** Node: the major of the Node it runs on; `own` is the one of this repository. */
  readonly runtime: '18' | '22' | 'own'
  /** Python: the framework of the app. */
  readonly framework: 'express' | 'django' | 'fastapi' | 'flask' | 'net/http'
  /** Whether its functions know tenants. */
  readonly hasTenants: boolean
}

function nodeSubject(version: string, runtime: Subject['runtime']): Subject {
  const major = Number.parseInt(version, 10)
  const hasTenants = major >= 15
  return {
    ...{ name: `node-${major}`, kind: 'node', version, major },
    ...{ runtime, framework: 'express', hasTenants },
  }
}

function pythonSubject(framework: 'django' | 'fastapi' | 'flask'): Subject {
  return {
    ...{ name: `python-${framework}`, kind: 'python', version: PYTHON_SDK, major: 0 },
    ...{ runtime: 'own', framework, hasTenants: true },
  }
}

const PYTHON_SDK = '0.31.4'

/**
 * THE SDKS UNDER TEST: the newest release of each Node major, on the Node of its time (the packages
 * name none themselves): 18 for those of 2023, 22 for those of 2024, this repository's for the
 * others; Python with three frameworks; Go.
 */
export const SUBJECTS: readonly Subject[] = [
  nodeSubject('14.1.4', '18'),
  nodeSubject('15.2.3', '18'),
  nodeSubject('16.7.6', '18'),
  nodeSubject('17.1.5', '18'),
  nodeSubject('18.0.1', '18'),
  nodeSubject('19.0.2', '22'),
  nodeSubject('20.1.7', '22'),
  nodeSubject('21.1.2', '22'),
  nodeSubject('22.1.1', 'own'),
  nodeSubject('23.1.0', 'own'),
  nodeSubject('24.0.3', 'own'),
  pythonSubject('django'),
  pythonSubject('fastapi'),
  pythonSubject('flask'),
  {
    ...{ name: 'go', kind: 'go', version: '0.25.1', major: 0 },
    ...{ runtime: 'own', framework: 'net/http', hasTenants: true },
  },
]
