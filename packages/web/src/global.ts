import { isSessionError } from '@pawl/client'
import { pawlWeb } from './pawl-web.ts'

// For pages without a bundler: a classic script that leaves one name behind.
Object.assign(globalThis, { Pawl: { pawlWeb, isSessionError } })
