export type { ServerConfig } from './config/table.ts'
export {
  ConfigError,
  type RunningServer,
  type ServerOptions,
  startServer,
} from './start-server.ts'
