import path from 'node:path'
import type { Subject } from '../subjects.ts'
import type { Launch } from './launch.ts'
import { ensureInstalled, runInstallStep } from './run-installer.ts'

/** The frameworks of the three apps, and what serves FastAPI. */
const FRAMEWORKS = ['Django==5.2.19', 'fastapi==0.165.0', 'Flask==3.1.3', 'uvicorn==0.54.0']

/** The app of the Python SDK with one of its frameworks; all three share one environment. */
export function installPython(subject: Subject): Launch {
  const packages = [`supertokens-python==${subject.version}`, ...FRAMEWORKS]
  const folder = ensureInstalled('python', packages.join(' '), (into) => {
    const needs = 'Python 3.9 or later with venv, and its package index'
    runInstallStep({ command: ['python3', '-m', 'venv', 'venv'], folder: into, needs })
    const pip = ['venv/bin/python', '-m', 'pip', '--disable-pip-version-check', 'install', '-q']
    runInstallStep({ command: [...pip, ...packages], folder: into, needs })
  })
  const app = path.resolve(import.meta.dirname, `../apps/python/${subject.framework}_app.py`)
  return {
    command: [path.join(folder, 'venv/bin/python'), app],
    folder,
    // The packages were compiled when they were installed; our own sources are to stay as they are.
    env: { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' },
    settings: {},
  }
}
