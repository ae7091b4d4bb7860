import { compat } from './compat.ts'
import type { Figure } from './figure.ts'
import { guardedRoute } from './guard/guarded-route.ts'
import { refreshSqlite } from './refresh-sqlite.ts'
import { revokedVerify } from './revoked-verify.ts'
import { memory, soak } from './service/memory.ts'
import { start } from './start.ts'
import { growthMongodb, mongodbHttp, storeMongodb } from './stores/mongodb.ts'
import { growthMysql, mysqlHttp, storeMysql } from './stores/mysql.ts'
import { growthPostgres, storePostgres } from './stores/postgres.ts'
import { postgresHttp } from './stores/postgres-http.ts'
import { growthRedis, redisHttp, storeRedis } from './stores/redis.ts'
import { growthSqlite, sqliteHttp } from './stores/sqlite.ts'
import { tokenSize } from './token-size.ts'
import { guardCookie, verifyNew, verifySeen } from './verify.ts'

/** All figures, in the order in which they run: a module of its own each. */
export const FIGURES: readonly Figure[] = [
  tokenSize,
  verifySeen,
  verifyNew,
  guardCookie,
  guardedRoute,
  revokedVerify,
  start,
  memory,
  refreshSqlite,
  compat,
  sqliteHttp,
  growthSqlite,
  storePostgres,
  postgresHttp,
  growthPostgres,
  storeMysql,
  mysqlHttp,
  growthMysql,
  storeMongodb,
  mongodbHttp,
  growthMongodb,
  storeRedis,
  redisHttp,
  growthRedis,
  soak,
]
