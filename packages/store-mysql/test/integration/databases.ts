import { type Connection, createConnection } from 'mysql2/promise'

let databases = 0

/** A connection beside the store's; several statements at a time, rows as arrays. */
export async function connectTo(url: string): Promise<Connection> {
  const connection = await createConnection({
    uri: url,
    multipleStatements: true,
    rowsAsArray: true,
  })
  connection.on('error', () => {})
  return connection
}

/** A new, empty database on the server of a URL. */
export async function freshDatabase(serverUrl: string) {
  databases += 1
  const name = `test_${process.pid}_${Date.now()}_${databases}`
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const admin = async (text: string) => {
    const connection = await connectTo(serverUrl)
    await connection.query(text)
    await connection.end()
  }
  await admin(`CREATE DATABASE ${name}`)
  return { name, url: url.href, drop: () => admin(`DROP DATABASE ${name}`) }
}
