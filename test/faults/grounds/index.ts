import { isChosen } from '../../engines/index.ts'
import type { GroundKind } from '../ground.ts'
import { mariadbGround } from './mariadb.ts'
import { mongodbGround } from './mongodb.ts'
import { postgresGround } from './postgres.ts'
import { redisGround } from './redis.ts'
import { sqliteGround } from './sqlite.ts'

/** THE ENGINES that are troubled: a line each. */
const kinds: readonly GroundKind[] = [
  sqliteGround,
  postgresGround,
  mariadbGround,
  mongodbGround,
  redisGround,
]

/** Those that `STORES` chooses; all without it. */
export const chosenGrounds = kinds.filter(({ name }) => isChosen(name))
