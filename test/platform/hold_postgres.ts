// Started by embedded_postgres.test.ts, to be killed: starts a server in the given folder, says so and stays.
import { startEmbeddedPostgres } from '../../src/platform/embedded_postgres.ts';

const [dir = ''] = process.argv.slice(2);
const { adopted, url } = await startEmbeddedPostgres(dir, { durable: false });
console.log(JSON.stringify({ adopted, url }));
setInterval(() => {}, 1000);
